import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../src/base/errors.ts';
import { pathsOf } from '../../src/config/paths.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { formatCidr } from '../../src/kube/cidr.ts';
import { podNetwork, renderPodNetwork } from '../../src/manifests/pod-network.ts';
import { expectGolden } from '../fakes/golden.ts';
import { aClusterConfig } from '../fakes/manifest-builders.ts';

const dualStack = { podSubnet: '10.244.0.0/16,fd00:10:244::/56' };

function configured(networking: { readonly podSubnet?: string }, extraArgs: { name: string; value: string }[] = []) {
  return aClusterConfig({
    networking: { serviceSubnet: '10.96.0.0/12', dnsDomain: 'cluster.local', podSubnet: networking.podSubnet },
    controllerManager: { extraArgs, extraVolumes: [], extraEnvs: [] },
  });
}

const subnetsOf = (...args: Parameters<typeof configured>) =>
  podNetwork(configured(...args), pathsOf('/')).subnets.map(formatCidr);

test('the pods of the first machine have the part of podSubnet that the controller-manager gives to the first Node', () => {
  assert.deepEqual(subnetsOf(dualStack), ['10.244.0.0/24', 'fd00:10:244::/64']);
  assert.deepEqual(subnetsOf({ podSubnet: '10.9.0.0/16' }, [{ name: 'node-cidr-mask-size', value: '20' }]), [
    '10.9.0.0/20',
  ]);
  assert.deepEqual(subnetsOf({ podSubnet: '10.9.0.0/26' }), ['10.9.0.0/26']);
  assert.deepEqual(subnetsOf({}), ['10.244.0.0/24']);
});

test('is written from its template as CNI takes it', async () => {
  const paths = pathsOf('/');
  const network = podNetwork(configured(dualStack), paths);
  assert.equal(network.file, '/etc/cni/net.d/10-bootstrap.conflist');
  expectGolden('cni/dual-stack.conflist', await renderPodNetwork(nodeHost, network, { paths }));
});

test('a root directory of its own has its own bridge, name and leases, whatever characters it holds', async () => {
  const paths = pathsOf('/srv/a "b": c');
  const network = podNetwork(configured({}), paths);
  const text = await renderPodNetwork(nodeHost, network, { paths });
  const { name, plugins } = JSON.parse(text) as {
    name: string;
    plugins: { bridge?: string; ipam?: { dataDir: string } }[];
  };
  assert.match(name, /^bootstrap-[0-9a-f]{8}$/);
  assert.match(plugins[0]?.bridge ?? '', /^cni-[0-9a-f]{8}$/);
  assert.equal(plugins[0]?.ipam?.dataDir, '/srv/a "b": c/var/lib/cni/networks');
  assert.equal(network.file, '/srv/a "b": c/etc/cni/net.d/10-bootstrap.conflist');
});

test('a template of the user’s takes the place of ours; one that makes no JSON is named', async () => {
  const paths = pathsOf('/');
  const network = podNetwork(configured({}), paths);
  const given = (text: string) => ({
    ...nodeHost,
    readText: async (path: string) => (path === '/mine/cni/bridge.conflist.hbs' ? text : nodeHost.readText(path)),
  });
  const options = { paths, templatesDirectory: '/mine' };
  assert.equal(
    await renderPodNetwork(given('{"name": "{{name}}"}'), network, options),
    '{\n  "name": "bootstrap"\n}\n',
  );
  for (const wrong of ['{"name": {{name}}', '{"name": "{{naem}}"}']) {
    await assert.rejects(renderPodNetwork(given(wrong), network, options), (thrown: unknown) => {
      assert.ok(thrown instanceof UsageError);
      assert.match(thrown.message, /\/mine\/cni\/bridge\.conflist\.hbs/);
      return true;
    });
  }
});
