import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildKubeconfig, parseKubeconfig } from '../../src/kubeconfig/kubeconfig.ts';
import { eventually, expectCode } from './support/command.ts';
import { LoneAgent } from './support/lone-agent.ts';
import { NodePlane } from './support/node-plane.ts';
import { containerIds } from './support/plane.ts';

describe('the Node of a control plane', () => {
  const plane = new NodePlane('process');
  const agents: LoneAgent[] = [];
  before(async () => {
    expectCode(await plane.init(), 0);
  });
  after(async () => {
    await Promise.all(agents.map((agent) => agent.destroy()));
    await plane.destroy();
  });

  /** Another agent at the same API server, under another node name. */
  const agentAs = (name: string, args: readonly string[]) => {
    const agent = new LoneAgent('process', plane.root, ['--hostname-override', name, '--port', '0', ...args]);
    agents.push(agent);
    return agent;
  };

  test('is registered as a kubelet does it, Ready, of the API server’s version, and takes no pods', async () => {
    const node = await plane.node();
    const { labels = {}, annotations = {} } = node?.metadata ?? {};
    assert.equal(labels['kubernetes.io/hostname'], 'node1');
    assert.equal(labels['kubernetes.io/os'], 'linux');
    assert.equal(annotations['volumes.kubernetes.io/controller-managed-attach-detach'], 'true');
    const { capacity, allocatable, addresses, conditions, nodeInfo, daemonEndpoints, declaredFeatures } =
      node?.status ?? {};
    assert.deepEqual([capacity?.pods, allocatable?.pods], ['0', '0']);
    assert.match(capacity?.memory ?? '', /^\d+Ki$/);
    assert.deepEqual(addresses, [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: 'node1' },
    ]);
    assert.equal(conditions?.find(({ type }) => type === 'Ready')?.reason, 'KubeletReady');
    assert.equal(
      nodeInfo?.kubeletVersion,
      JSON.parse((await plane.kubectl(['get', '--raw', '/version'])).stdout).gitVersion,
    );
    assert.equal(daemonEndpoints?.kubeletEndpoint.Port, plane.ports.kubeletApi);
    assert.deepEqual(declaredFeatures, ['ExtendWebSocketsToKubelet']);
    const { stdout } = await plane.bootstrap(['status']);
    assert.match(stdout, /^node +node1, registered at https:\S+; runs static pods only \(capacity pods: 0\)$/m);
  });

  test('is renewed by its Lease, and pods stay away from it: Too many pods', async () => {
    const first = await plane.lease();
    assert.equal(first?.spec?.holderIdentity, 'node1');
    assert.equal(first?.spec?.leaseDurationSeconds, 40);
    assert.equal(first?.metadata.ownerReferences?.[0]?.uid, (await plane.node())?.metadata.uid);
    const told = await eventually('the scheduler says why kube-proxy waits', async () => {
      const pods = ['-n', 'kube-system', 'get', 'pods', '-l', 'k8s-app=kube-proxy'];
      const list = await plane.object<{ items: { status: { conditions?: { message?: string }[] } }[] }>(pods);
      return list?.items[0]?.status.conditions?.[0]?.message;
    });
    assert.match(told, /Too many pods/);
    await eventually('the Lease is renewed', async () => {
      return (await plane.lease())?.spec?.renewTime !== first?.spec?.renewTime || undefined;
    });
  });

  test('is bound by NodeRestriction: what the node identity may do, and what not', async () => {
    const { stdout } = expectCode(await plane.asNode(['auth', 'can-i', '--list']), 0);
    assert.match(stdout, /certificatesigningrequests\.certificates\.k8s\.io/);
    assert.match(stdout, /selfsubjectaccessreviews\.authorization\.k8s\.io/);
    assert.doesNotMatch(stdout, /^\*\.\*/m);
    const may = async (...args: readonly string[]) =>
      (await plane.asNode(['auth', 'can-i', ...args])).stdout.trim().split(' ')[0];
    assert.equal(await may('get', 'node/node1'), 'yes');
    assert.equal(await may('update', 'node/node1', '--subresource=status'), 'yes');
    assert.equal(await may('list', 'secrets', '-A'), 'no');
    assert.equal(await may('create', 'deployments'), 'no');
    const refused = async (args: readonly string[], because: RegExp, input?: string) => {
      const ran = await plane.asNode(args, input);
      assert.notEqual(ran.code, 0);
      assert.match(ran.stderr, because);
    };
    await refused(['label', 'node', 'node1', 'node-role.kubernetes.io/x='], /is not allowed to modify labels/);
    await refused(['taint', 'node', 'node1', 'a=b:NoSchedule'], /is not allowed to modify taints/);
    await refused(['annotate', 'node', 'node2', 'a=b'], /forbidden|cannot/);
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'default' },
      spec: { nodeName: 'node1', containers: [{ name: 'c', image: 'i' }] },
    };
    await refused(['create', '-f', '-'], /can only create mirror pods/, JSON.stringify(pod));
  });

  test('is registered again when somebody has deleted it, with a Lease of its own', async () => {
    const uid = (await plane.node())?.metadata.uid;
    expectCode(await plane.kubectl(['delete', 'node', 'node1']), 0);
    const again = await eventually('another Node', async () => {
      const node = await plane.node();
      return node?.metadata.uid === uid ? undefined : node;
    });
    await eventually('a Lease of the new Node', async () => {
      const [owner] = (await plane.lease())?.metadata.ownerReferences ?? [];
      return owner?.uid === again.metadata.uid || undefined;
    });
  });

  test('is the same one after the agent was killed and started again', async () => {
    const uid = (await plane.node())?.metadata.uid;
    process.kill(plane.agentPid(), 'SIGKILL');
    expectCode(await plane.init(['phase', 'start-agent']), 0);
    await eventually('registered', async () => (await plane.said()).node?.registered || undefined);
    assert.equal((await plane.node())?.metadata.uid, uid);
  });

  test('has its certificate renewed by the cluster when it is due, and goes on with the new one', async () => {
    const before = containerIds(await plane.status());
    const conf = plane.path('etc/kubernetes/kubelet.conf');
    const old = plane.rotated().fingerprint256;
    writeFileSync(conf, await plane.kubeconfig({ from: -9, to: 1 }), { mode: 0o600 });
    const renewed = await eventually('a renewed certificate', () => {
      const found = plane.rotated();
      return found.validToDate.getTime() > Date.now() + 24 * 3_600_000 && found.fingerprint256 !== old
        ? found
        : undefined;
    });
    assert.match(renewed.subject, /O=system:nodes\nCN=system:node:node1/);
    assert.equal(statSync(plane.path('var/lib/kubelet/pki/kubelet-client-current.pem')).mode & 0o777, 0o600);
    const pem = plane.path('var/lib/kubelet/pki/kubelet-client-current.pem');
    expectCode(await plane.kubectl([`--client-certificate=${pem}`, `--client-key=${pem}`, 'get', 'node', 'node1']), 0);
    await eventually('no problem', async () => (await plane.said()).problems.length === 0 || undefined);
    assert.deepEqual(containerIds(await plane.status()), before);
  });

  test('credentials of another CA, or that have expired, are told, cost no pod, and the right ones count at once', async () => {
    const before = containerIds(await plane.status());
    const conf = plane.path('etc/kubernetes/kubelet.conf');
    const good = readFileSync(conf);
    const tell = async (text: string, because: RegExp) => {
      writeFileSync(conf, text, { mode: 0o600 });
      await eventually(`a problem like ${because}`, async () => {
        return (await plane.said()).problems.some((problem) => because.test(problem)) || undefined;
      });
    };
    await tell(await plane.kubeconfig({ from: -1, to: 1, otherCa: true }), /not signed by the CA of the kubeconfig/);
    await tell('users: [', /kubelet\.conf: not valid YAML at line 1: static pods run without an API server/);
    writeFileSync(conf, good, { mode: 0o600 });
    await eventually('no problem', async () => (await plane.said()).problems.length === 0 || undefined);
    assert.deepEqual(containerIds(await plane.status()), before);
  });

  test('a name that another living machine has is left to it, with a clear message', async () => {
    const machine = { machineID: 'f'.repeat(32), systemUUID: 'other', bootID: '', kernelVersion: '', osImage: '' };
    const rest = {
      containerRuntimeVersion: '',
      kubeletVersion: 'v1.37.2',
      kubeProxyVersion: '',
      operatingSystem: 'linux',
    };
    const nodeInfo = { ...machine, ...rest, architecture: 'amd64' };
    const taken = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'taken' } };
    expectCode(await plane.kubectl(['create', '-f', '-'], JSON.stringify(taken)), 0);
    const patch = JSON.stringify({ status: { nodeInfo, addresses: [{ type: 'InternalIP', address: '192.0.2.99' }] } });
    expectCode(await plane.kubectl(['patch', 'node', 'taken', '--subresource=status', '--type=merge', '-p', patch]), 0);
    const agent = agentAs('taken', ['--kubeconfig', plane.path('etc/kubernetes/admin.conf')]);
    await agent.start();
    const problem = await eventually('it says so', async () => {
      return (await agent.status()).problems?.find((text) => text.includes('taken by another machine'));
    });
    assert.match(problem, /node name taken is taken by another machine at 192\.0\.2\.99 .*--hostname-override/);
    assert.equal((await plane.node('taken'))?.status?.nodeInfo?.machineID, machine.machineID);
    expectCode(await plane.kubectl(['delete', 'node', 'taken']), 0);
    await eventually('the name is free', async () => {
      return (await plane.node('taken'))?.status?.capacity?.pods === '0' || undefined;
    });
  });

  test('a machine without credentials gets its first ones with a bootstrap token', async () => {
    const { stdout: token } = expectCode(await plane.bootstrap(['token', 'create']), 0);
    const { server, ca = '' } = parseKubeconfig(readFileSync(plane.path('etc/kubernetes/admin.conf'), 'utf8'));
    const directory = plane.scratch('fresh');
    const [conf, first] = [join(directory, 'kubelet.conf'), join(directory, 'bootstrap-kubelet.conf')];
    const credentials = { token: token.trim() };
    writeFileSync(first, buildKubeconfig({ clusterName: 'k', user: 'tls-bootstrap', server, ca, credentials }));
    const agent = agentAs('fresh', ['--kubeconfig', conf, '--bootstrap-kubeconfig', first, '--rotate-certificates']);
    await agent.start();
    const node = await eventually('its Node', () => plane.node('fresh'));
    assert.equal(node.status?.capacity?.pods, '0');
    assert.ok(existsSync(conf));
    assert.equal(statSync(conf).mode & 0o777, 0o600);
    assert.match(readFileSync(conf, 'utf8'), /client-certificate: \S+kubelet-client-current\.pem/);
    const requests = await plane.object<{ items: { spec: { username: string; signerName: string } }[] }>([
      'get',
      'csr',
    ]);
    assert.ok(requests?.items.some(({ spec }) => spec.username.startsWith('system:bootstrap:')));
  });
});
