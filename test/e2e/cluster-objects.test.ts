import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { differencesOf } from '../../src/cluster/differences.ts';
import { type ApiObject, fieldManager } from '../../src/cluster/wanted-object.ts';
import { decrypt } from '../../src/pki/encrypt.ts';
import { ClusterPlane, token } from './support/cluster-plane.ts';
import { eventually, expectCode } from './support/command.ts';

type Objects = Readonly<Record<string, ApiObject>>;
type Member = Readonly<Record<string, string>>;

const phases = [
  ['upload-config', 'all'],
  ['upload-certs', '--upload-certs'],
  ['mark-control-plane'],
  ['bootstrap-token'],
  ['addon', 'all'],
];
const certificateKey = Buffer.from('0a'.repeat(32), 'hex');

let plane: ClusterPlane;
let ours: Objects;

before(async () => {
  plane = new ClusterPlane();
  expectCode(await plane.init(['--upload-certs']), 0);
  ours = await plane.objects();
});
after(() => plane.destroy());

function writtenBy(objects: Objects, manager: string): Objects {
  const isBy = ({ metadata }: ApiObject) =>
    ((metadata.managedFields ?? []) as { manager: string }[]).some((entry) => entry.manager === manager);
  return Object.fromEntries(Object.entries(objects).filter(([, object]) => isBy(object)));
}

/** What two runs can't have in common, each with its reason. */
function comparable(object: ApiObject): ApiObject {
  const data = { ...((object.data ?? {}) as Member) };
  const { ownerReferences, ...metadata } = object.metadata as Record<string, unknown> & ApiObject['metadata'];
  // The token whose end is the end of kubeadm-certs is drawn by lot.
  const owners = ((ownerReferences ?? []) as Member[]).map((owner) => ({ ...owner, name: '', uid: '' }));
  // The Deployment's controller adds its own when it comes to it.
  const annotations = { ...(metadata.annotations as Member | undefined), 'deployment.kubernetes.io/revision': '1' };
  // Ends are counted from the moment of the run.
  if (data.expiration !== undefined) data.expiration = 'within a minute';
  if (metadata.name === 'kubeadm-certs') {
    for (const [name, sealed] of Object.entries(data)) data[name] = opened(sealed);
  }
  return { ...object, metadata: { ...metadata, annotations, ownerReferences: owners }, data };
}

function opened(sealed: string): string {
  const open = decrypt(Buffer.from(sealed, 'base64'), certificateKey);
  assert.ok(open !== undefined, 'it opens with the certificate key');
  return Buffer.from(open).toString();
}

/** Tokens that are drawn by lot, by what they are for. */
function named(objects: Objects): Objects {
  return Object.fromEntries(
    Object.entries(objects).map(([title, object]) => {
      const { description } = (object.data ?? {}) as Member;
      if (description === undefined || object.kind !== 'Secret') return [title, object];
      const data = { ...(object.data as Member), 'token-id': '', 'token-secret': '' };
      const metadata = { ...object.metadata, name: '' };
      return [`token: ${Buffer.from(description, 'base64')}`, { ...object, metadata, data }];
    }),
  );
}

async function removeOurs(): Promise<void> {
  const mine = Object.values(writtenBy(ours, fieldManager)).filter(({ kind }) => kind !== 'Node');
  for (const namespace of ['kube-system', 'kube-public', undefined]) {
    const there = mine.filter(({ metadata }) => metadata.namespace === namespace);
    const names = there.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    const where = namespace === undefined ? [] : ['-n', namespace];
    expectCode(await plane.kubectl(['delete', ...names, ...where, '--ignore-not-found']), 0);
  }
  const labels = ['node-role.kubernetes.io/control-plane-', 'node.kubernetes.io/exclude-from-external-load-balancers-'];
  expectCode(await plane.kubectl(['label', 'node', 'node1', ...labels]), 0);
  expectCode(await plane.kubectl(['taint', 'node', 'node1', 'node-role.kubernetes.io/control-plane-']), 0);
}

describe('init leaves in the cluster', () => {
  test('what kubeadm leaves, field by field, for the same configuration and the same API server', async () => {
    await removeOurs();
    for (const phase of phases) {
      expectCode(await plane.kubeadm(['init', 'phase', ...phase, '--config', plane.kubeadmConfig]), 0);
    }
    const all = await plane.objects();
    const theirs = named(writtenBy(all, 'kubeadm'));
    const mine = named(writtenBy(ours, fieldManager));
    const withoutNode = (objects: Objects) => Object.keys(objects).filter((title) => title !== 'Node node1');
    assert.deepEqual(withoutNode(mine).sort(), withoutNode(theirs).sort());
    assert.ok(withoutNode(mine).length > 28, 'all of them are there');
    for (const title of withoutNode(mine)) {
      const [from, to] = [mine[title], theirs[title]].map((object) => object && comparable(object));
      const differences = from === undefined || to === undefined ? [] : differencesOf(from, to);
      // The controller-manager signs cluster-info when it likes.
      const notSigned = differences.filter(({ path }) => !path.startsWith('data.jws-kubeconfig-'));
      assert.deepEqual(notSigned, [], title);
    }
    const [before, after] = [ours, all].map((objects) => objects['Node node1']);
    assert.deepEqual(after?.metadata.labels, before?.metadata.labels);
    assert.deepEqual(taintsOf(after), taintsOf(before));
  });

  test('the same when kubeadm has been there before: nothing is changed', async () => {
    const before = await signed();
    assert.deepEqual(await actionsOf(['--upload-certs']), ['keep']);
    const after = await plane.objects();
    for (const [title, object] of Object.entries(writtenBy(before, 'kubeadm'))) {
      const now = after[title];
      assert.deepEqual(now === undefined ? 'gone' : differencesOf(comparable(object), comparable(now)), [], title);
    }
  });

  test('at its second run nothing new: no object is written', async () => {
    const before = versions(await signed());
    assert.deepEqual(await actionsOf(['--upload-certs']), ['keep']);
    assert.deepEqual(versions(await plane.objects()), before);
  });
});

/** The objects once controller-manager has signed cluster-info for the token: it does so in its own time. */
function signed(): Promise<Objects> {
  return eventually('cluster-info is signed', async () => {
    const objects = await plane.objects();
    const data = (objects['ConfigMap kube-public/cluster-info']?.data ?? {}) as Member;
    return Object.keys(data).some((name) => name.startsWith('jws-kubeconfig-')) ? objects : undefined;
  });
}

function specOf(object: ApiObject | undefined): { readonly replicas?: number; readonly taints?: { key: string }[] } {
  return object?.spec ?? {};
}

function taintsOf(node: ApiObject | undefined): unknown {
  return (specOf(node).taints ?? []).filter(({ key }) => key.startsWith('node-role'));
}

/** Of what does not change by itself: Deployments and Nodes have a status. */
function versions(objects: Objects): Readonly<Record<string, unknown>> {
  const still = Object.entries(objects).filter(([, { kind }]) => !['Node', 'Deployment', 'DaemonSet'].includes(kind));
  return Object.fromEntries(still.map(([title, { metadata }]) => [title, metadata.resourceVersion]));
}

const filling = ['upload-config', 'upload-certs', 'mark-control-plane', 'bootstrap-token', 'kubelet-finalize', 'addon'];

type Reported = { readonly phases: readonly { name: string; items: readonly { item: string; action: string }[] }[] };

async function itemsOf(args: readonly string[]): Promise<readonly { item: string; action: string }[]> {
  const { stdout } = expectCode(await plane.init([...args, '-o', 'json']), 0);
  const { phases } = JSON.parse(stdout) as Reported;
  return phases.filter(({ name }) => filling.includes(name)).flatMap(({ items }) => items);
}

async function actionsOf(args: readonly string[]): Promise<readonly string[]> {
  return [...new Set((await itemsOf(args)).map(({ action }) => action))];
}

describe('what somebody has changed in the cluster', () => {
  test('is put right where it is ours, and left where it is his', async () => {
    const corefile = '.:53 { errors }\n';
    const patch = JSON.stringify({ data: { Corefile: corefile } });
    const change = async (...args: readonly string[]) => expectCode(await plane.kubectl(args), 0);
    await change('patch', 'configmap', 'coredns', '-n', 'kube-system', '--type', 'merge', '-p', patch);
    await change('scale', 'deployment', 'coredns', '-n', 'kube-system', '--replicas', '5');
    await change('delete', 'role', 'kube-proxy', '-n', 'kube-system');
    const other = JSON.stringify({ data: { kubelet: 'x' } });
    await change('patch', 'configmap', 'kubelet-config', '-n', 'kube-system', '--type', 'merge', '-p', other);

    const changed = (await itemsOf([])).filter(({ action }) => action !== 'keep');
    assert.deepEqual(changed.map(({ item, action }) => [item, action]).sort(), [
      ['ConfigMap kube-system/kubelet-config', 'update'],
      ['Role kube-system/kube-proxy', 'create'],
    ]);
    const now = await plane.objects();
    assert.deepEqual(now['ConfigMap kube-system/coredns']?.data, { Corefile: corefile });
    assert.equal(specOf(now['Deployment kube-system/coredns']).replicas, 5);
  });
});

describe('who joins', () => {
  test('is told the line, and stock kubeadm gets the shared certificates by it', async () => {
    const { stdout } = expectCode(await plane.init(['--upload-certs', '-o', 'json']), 0);
    const { join } = JSON.parse(stdout) as { join: { workers: string[]; controlPlane: string[] } };
    assert.match(
      join.workers.join(),
      new RegExp(`^kubeadm join \\S+ --token ${token} --discovery-token-ca-cert-hash \\S+$`),
    );
    const [, , endpoint = '', ...flags] = join.controlPlane[0]?.split(' ') ?? [];
    const phase = ['join', 'phase', 'control-plane-prepare', 'download-certs', endpoint, ...flags];
    const other = plane.scratch('other-machine');
    const ran = expectCode(await plane.kubeadm(phase, other), 0);
    assert.match(ran.stdout, /Saving the certificates/);
    for (const file of ['ca.key', 'sa.key', 'etcd/ca.key'])
      assert.equal(plane.read(`${other}/pki/${file}`), plane.read(plane.path(`etc/kubernetes/pki/${file}`)));
  });

  test('is not shown what is to be kept secret', async () => {
    const hide = ['--upload-certs', '--skip-token-print', '--skip-certificate-key-print'];
    const { stdout, stderr } = expectCode(await plane.init(hide), 0);
    const text = stdout + stderr;
    assert.match(text, /--token <value withheld>/);
    assert.ok(!text.includes(token) && !text.includes(certificateKey.toString('hex')));
  });
});

describe('bootstrap token', () => {
  test('makes, lists and deletes tokens as kubeadm does', async () => {
    const made = expectCode(await plane.bootstrap(['token', 'create', '--ttl', '2h', '--description', 'rack 3']), 0);
    assert.match(made.stdout, /^[a-z0-9]{6}\.[a-z0-9]{16}\n$/);
    const listed = JSON.parse((await plane.bootstrap(['token', 'list', '-o', 'json'])).stdout) as { tokens: Member[] };
    const found = listed.tokens.find((entry) => entry.token === made.stdout.trim());
    assert.equal(found?.description, 'rack 3');
    const theirs = expectCode(await plane.kubeadm(['token', 'list']), 0).stdout;
    const mine = expectCode(await plane.bootstrap(['token', 'list']), 0).stdout;
    const tokensIn = (text: string) => [...text.matchAll(/[a-z0-9]{6}\.[a-z0-9]{16}/g)].map(([one]) => one).sort();
    assert.deepEqual(tokensIn(mine), tokensIn(theirs));
    expectCode(await plane.bootstrap(['token', 'delete', made.stdout.slice(0, 6)]), 0);
    assert.match((await plane.bootstrap(['token', 'delete', made.stdout.slice(0, 6)])).stderr, /there is no token/);
  });

  test('makes those of a file, and with --dry-run only shows them', async () => {
    const tokens = '[{token: fileaa.0123456789abcdef, ttl: 2h}, {token: filebb.0123456789abcdef}]';
    const head = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\n';
    const file = plane.write('tokens.yaml', `${head}bootstrapTokens: ${tokens}\n`);
    const listed = async () => expectCode(await plane.bootstrap(['token', 'list']), 0).stdout;
    const create = ['token', 'create', '--config', file];
    const shown = expectCode(await plane.bootstrap([...create, '--dry-run']), 0).stdout;
    assert.match(shown, /bootstrap-token-fileaa[\s\S]*bootstrap-token-filebb[\s\S]*\nfileaa\.0123456789abcdef\n$/);
    assert.doesNotMatch(await listed(), /file(aa|bb)/);
    assert.equal(expectCode(await plane.bootstrap(create), 0).stdout, 'fileaa.0123456789abcdef\n');
    assert.match(await listed(), /fileaa[\s\S]*filebb|filebb[\s\S]*fileaa/);
    expectCode(await plane.bootstrap(['token', 'delete', 'fileaa', 'filebb']), 0);
  });

  test('refuses one that is there already, without showing it', async () => {
    const ran = expectCode(await plane.bootstrap(['token', 'create', token]), 1);
    assert.match(ran.stderr, /there is a token abcdef already/);
    assert.ok(!ran.stderr.includes(token));
  });

  test('and join print the line of kubeadm, each with a token of its own', async () => {
    const theirs = expectCode(await plane.kubeadm(['token', 'create', '--print-join-command']), 0).stdout;
    const lines = await Promise.all([
      plane.bootstrap(['token', 'create', '--print-join-command']),
      plane.bootstrap(['join']),
    ]);
    const withoutToken = (line: string) =>
      line
        .trim()
        .replace(/--token \S+/, '')
        .replace(/\s+/g, ' ');
    for (const { stdout } of lines) assert.equal(withoutToken(stdout), withoutToken(theirs));
    assert.notEqual(lines[0]?.stdout, lines[1]?.stdout);
  });
});

test('bootstrap kubeconfig user prints a kubeconfig that is let in as that user', async () => {
  const args = ['kubeconfig', 'user', '--client-name', 'jane', '--org', 'developers'];
  const file = plane.write('jane.conf', expectCode(await plane.bootstrap(args), 0).stdout);
  const who = expectCode(await plane.kubectl(['--kubeconfig', file, 'auth', 'whoami', '-o', 'json']), 0);
  const { status } = JSON.parse(who.stdout) as { status: { userInfo: { username: string; groups: string[] } } };
  assert.equal(status.userInfo.username, 'jane');
  assert.ok(status.userInfo.groups.includes('developers'));
});

test('a dry run shows every object and no secret', async () => {
  const { stdout } = expectCode(
    await plane.init(['--dry-run', '--upload-certs', '--ignore-preflight-errors', 'all']),
    0,
  );
  const shown = [...stdout.matchAll(/^--- PATCH \S+\/([^/\s]+)$/gm)].map(([, name]) => decodeURIComponent(name ?? ''));
  for (const name of [
    'kubeadm-config',
    'kubelet-config',
    'cluster-info',
    'coredns',
    'kube-dns',
    'kube-proxy',
    'node1',
  ]) {
    assert.ok(shown.includes(name), `${name} is shown`);
  }
  assert.ok(!stdout.includes(Buffer.from('0123456789abcdef').toString('base64')), 'the secret of the token is not');
});
