import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Config } from '../../../src/config/types.ts';
import type { ComponentName } from '../../../src/manifests/component.ts';
import { hasPlane, isEmptyPlan, planRollout, type RolloutFacts } from '../../../src/rollout/plan/plan.ts';
import type { Change, RolloutPlan } from '../../../src/rollout/types.ts';
import { anEcdsaConfig } from '../../fakes/pki-context.ts';
import { aPlane, edited, renderedPods, withCommand } from '../../fakes/rollout-builders.ts';

type Cluster = Config['cluster'];

const component = (args: readonly [string, string][]) => ({
  extraArgs: args.map(([name, value]) => ({ name, value })),
  extraVolumes: [],
  extraEnvs: [],
});

async function planOf(change: Partial<Cluster>): Promise<RolloutPlan> {
  return planRollout(await aPlane({ config: anEcdsaConfig(change) }));
}

function of(plan: RolloutPlan, name: ComponentName) {
  const found = plan.components.find((candidate) => candidate.component === name);
  assert.ok(found, `${name} is in the plan`);
  return found;
}

function shown(changes: readonly Change[]): readonly string[] {
  return changes.map(({ what, name, from, to, cause }) => `${what} ${name}: ${from} → ${to} (${cause})`);
}

const restarting = (plan: RolloutPlan) =>
  plan.components.filter(({ restart }) => restart).map((item) => item.component);

describe('a configuration that says what runs', () => {
  test('has nothing to do', async () => {
    const plan = planRollout(await aPlane());
    assert.ok(isEmptyPlan(plan));
    assert.deepEqual(plan.notes, []);
  });

  test('has nothing to do when the manifest only has its flags in another order', async () => {
    const facts = await aPlane();
    const reversed = edited(facts, 'kube-apiserver', {
      pod: (pod) => withCommand(pod, ([program = '', ...flags]) => [program, ...flags.reverse()]),
    });
    assert.ok(isEmptyPlan(planRollout(reversed)));
  });

  test('has nothing to do for what the agent adds to a pod', async () => {
    const facts = await aPlane();
    const components = new Map(facts.running?.components);
    const etcd = components.get('etcd');
    assert.ok(etcd && facts.running);
    const { metadata, spec } = etcd.pod;
    const annotations = { ...metadata.annotations, 'kubernetes.io/config.hash': 'a1', 'kubernetes.io/config.seen': '' };
    const tolerations = [{ operator: 'Exists' as const, effect: 'NoExecute' }];
    const pod = {
      ...etcd.pod,
      metadata: { ...metadata, uid: 'a1', annotations },
      spec: { ...spec, nodeName: 'node1', tolerations },
      status: { phase: 'Running' as const, conditions: [], containerStatuses: [] },
    };
    components.set('etcd', { ...etcd, pod });
    assert.ok(isEmptyPlan(planRollout({ ...facts, running: { ...facts.running, components } })));
  });
});

describe('a changed configuration', () => {
  test('restarts the component whose flag changed, and says what clients notice', async () => {
    const plan = await planOf({ apiServer: { ...component([['v', '4']]), certSANs: [] } });
    const apiServer = of(plan, 'kube-apiserver');
    assert.deepEqual(shown(apiServer.changes), ['flag --v: undefined → 4 (configuration)']);
    assert.equal(apiServer.because, '1 flag changes');
    assert.equal(apiServer.order, 1);
    assert.equal(apiServer.expectedApiGap, 'none; the new one is ready before the old one stops');
    assert.deepEqual(restarting(plan), ['kube-apiserver']);
  });

  test('is rolled in the order etcd, API server, controller manager, scheduler', async () => {
    const plan = await planOf({ kubernetesVersion: 'v1.37.3', etcd: localEtcd({ imageTag: '3.7.1-0' }) });
    assert.deepEqual(restarting(plan), ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']);
    assert.deepEqual(
      plan.components.map(({ order }) => order),
      [1, 2, 3, 4],
    );
    assert.deepEqual(plan.blocked, []);
    assert.deepEqual(shown(of(plan, 'etcd').changes), [
      'image image: registry.k8s.io/etcd:3.7.0-0 → registry.k8s.io/etcd:3.7.1-0 (configuration)',
    ]);
  });

  test('shows variables and mounts, secrets hidden', async () => {
    const apiServer = {
      ...component([]),
      certSANs: [],
      extraEnvs: [
        { name: 'GREETING', value: 'hello' },
        { name: 'AUDIT_TOKEN', value: 'abc' },
      ],
      extraVolumes: [
        { name: 'audit', hostPath: '/etc/audit', mountPath: '/audit', readOnly: true, pathType: 'Directory' },
      ],
    };
    const { changes, because } = of(await planOf({ apiServer }), 'kube-apiserver');
    assert.deepEqual(shown(changes), [
      'env AUDIT_TOKEN: undefined → (hidden) (configuration)',
      'env GREETING: undefined → hello (configuration)',
      'mount audit: undefined → /etc/audit (Directory), at /audit, read-only (configuration)',
    ]);
    assert.equal(because, '2 environment variables and 1 mount change');
  });

  test('issues a certificate anew that lacks a name, and restarts nothing, as it is taken up live', async () => {
    const plan = await planOf({ apiServer: { ...component([]), certSANs: ['api.example.org'] } });
    const { changes, restart, because } = of(plan, 'kube-apiserver');
    assert.deepEqual([restart, because], [false, 'it takes up the new files by itself']);
    assert.deepEqual(changes, [
      {
        what: 'certificate',
        name: 'apiserver.crt',
        because: 'issued anew: it is not valid for api.example.org',
        cause: 'certificate due',
      },
    ]);
    assert.deepEqual([plan.files, plan.blocked], [[], []]);
  });

  test('issues a certificate anew that has a name which is no longer asked for', async () => {
    const former = anEcdsaConfig({ apiServer: { ...component([]), certSANs: ['old.example.org'] } });
    const plan = planRollout(await aPlane({ former, config: anEcdsaConfig() }));
    assert.match(of(plan, 'kube-apiserver').changes[0]?.because ?? '', /it still says old\.example\.org/);
  });

  test('with another endpoint changes the kubeconfigs that no component reads', async () => {
    const plan = await planOf({ controlPlaneEndpoint: 'cp.example.org:6443' });
    assert.deepEqual(
      plan.files.map(({ what, name }) => `${what} ${name}`),
      ['kubeconfig admin.conf', 'kubeconfig super-admin.conf'],
    );
    assert.match(plan.files[0]?.because ?? '', /it points at .*, not at https:\/\/cp\.example\.org:6443/);
    assert.deepEqual(restarting(plan), []);
  });

  test('with another address restarts all, also for their kubeconfigs, and moves the etcd member', async () => {
    const moved = anEcdsaConfig();
    const localAPIEndpoint = { advertiseAddress: '192.0.2.99', bindPort: 6443 };
    const config = { ...moved, init: { ...moved.init, localAPIEndpoint } };
    const plan = planRollout(await aPlane({ config }));
    assert.equal(restarting(plan).length, 4);
    assert.equal(of(plan, 'kube-scheduler').because, 'it reads scheduler.conf only at start');
    assert.match(plan.notes.join(), /peer URL of the etcd member .*192\.0\.2\.10:2380 → https:\/\/192\.0\.2\.99:2380/);
    assert.deepEqual(plan.blocked, []);
  });
});

describe('what somebody did to the plane', () => {
  test('a hand edit that runs is undone, and called one', async () => {
    const facts = edited(await aPlane(), 'kube-scheduler', {
      pod: (pod) => withCommand(pod, (words) => words.map((word) => word.replace('elect=true', 'elect=false'))),
    });
    const { changes, restart } = of(planRollout(facts), 'kube-scheduler');
    assert.deepEqual(shown(changes), ['flag --leader-elect: false → true (hand edit)']);
    assert.ok(restart);
  });

  test('a hand edit that does not run yet restarts nothing', async () => {
    const pod = (await aPlane()).rendered.get('kube-scheduler')?.pod;
    assert.ok(pod);
    const facts = edited(await aPlane(), 'kube-scheduler', {
      pod: (old) => withCommand(old, (words) => [...words, '--v=9']),
      running: false,
    });
    const { changes, restart, because } = of(planRollout(facts), 'kube-scheduler');
    assert.deepEqual(shown(changes), ['flag --v: 9 → undefined (hand edit)']);
    assert.deepEqual([restart, because], [false, 'what runs is right, only the file is put right']);
  });

  test('without a revision a hand edit is known by the record of what was written', async () => {
    const facts = edited(await aPlane(), 'kube-scheduler', {
      pod: (pod) => withCommand(pod, (words) => [...words, '--v=9']),
    });
    const { changes } = of(planRollout({ ...facts, lastGood: undefined }), 'kube-scheduler');
    assert.equal(changes[0]?.cause, 'hand edit');
  });

  test('a change of the configuration beside a hand edit keeps the two apart', async () => {
    const facts = edited(
      await aPlane({ config: anEcdsaConfig({ scheduler: component([['v', '4']]) }) }),
      'kube-scheduler',
      {
        pod: (pod) => withCommand(pod, (words) => [...words, '--profiling=false']),
      },
    );
    assert.deepEqual(shown(of(planRollout(facts), 'kube-scheduler').changes), [
      'flag --profiling: false → undefined (hand edit)',
      'flag --v: undefined → 4 (configuration)',
    ]);
  });

  test('a deleted manifest is written again and its pod started', async () => {
    const facts = await aPlane();
    assert.ok(facts.running);
    const onDisk = new Map([...facts.onDisk].filter(([name]) => name !== 'kube-scheduler'));
    const components = new Map([...facts.running.components].filter(([name]) => name !== 'kube-scheduler'));
    const plan = planRollout({ ...facts, onDisk, running: { ...facts.running, components } });
    assert.deepEqual(restarting(plan), ['kube-scheduler']);
    assert.equal(of(plan, 'kube-scheduler').changes[0]?.cause, 'file deleted');
  });

  test('a manifest that cannot be read is replaced, and its pod goes on', async () => {
    const facts = await aPlane();
    const onDisk = new Map([...facts.onDisk, ['etcd', { state: 'invalid', reason: 'not YAML' }] as const]);
    const { changes, restart } = of(planRollout({ ...facts, onDisk }), 'etcd');
    assert.deepEqual(
      [restart, changes.length, changes[0]?.because],
      [false, 1, 'it is no manifest that can be run: not YAML'],
    );
  });

  test('a container of another image is put right', async () => {
    const facts = await aPlane();
    const components = new Map(facts.running?.components);
    const etcd = components.get('etcd');
    assert.ok(etcd && facts.running);
    components.set('etcd', { ...etcd, image: 'registry.example.org/etcd:mine' });
    const { changes, restart } = of(planRollout({ ...facts, running: { ...facts.running, components } }), 'etcd');
    assert.equal(changes[0]?.cause, 'other image running');
    assert.ok(restart);
  });

  test('an image named in the form of another registry or by its ID is no difference', async () => {
    const facts = await aPlane();
    assert.ok(facts.running);
    for (const image of ['sha256:'.concat('a'.repeat(64)), 'registry.k8s.io/etcd:3.7.0-0@sha256:abc', '']) {
      const components = new Map(facts.running.components);
      const etcd = components.get('etcd');
      assert.ok(etcd);
      components.set('etcd', { ...etcd, image });
      assert.ok(isEmptyPlan(planRollout({ ...facts, running: { ...facts.running, components } })), image);
    }
  });
});

describe('without an agent', () => {
  const alone = async (change: Partial<Cluster> = {}): Promise<RolloutFacts> => ({
    ...(await aPlane({ config: anEcdsaConfig(change) })),
    running: undefined,
  });

  test('the files are compared, and that is said', async () => {
    const plan = planRollout(await alone());
    assert.ok(isEmptyPlan(plan));
    assert.match(plan.notes.join(), /no agent answers/);
  });

  test('what differs on disk restarts', async () => {
    const plan = planRollout(await alone({ scheduler: component([['v', '4']]) }));
    assert.deepEqual(restarting(plan), ['kube-scheduler']);
  });

  test('a bare directory is no plane', async () => {
    const facts = await alone();
    assert.ok(hasPlane(facts));
    assert.ok(!hasPlane({ ...facts, lastGood: undefined, onDisk: new Map() }));
  });
});

describe('what cannot be changed on a living cluster', () => {
  const cases: readonly [string, Partial<Cluster>, string, RegExp][] = [
    ['a smaller service subnet', subnet({ serviceSubnet: '10.96.0.0/16' }), 'networking.serviceSubnet', /ServiceCIDR/],
    ['another service subnet', subnet({ serviceSubnet: '10.112.0.0/12' }), 'networking.serviceSubnet', /keep their/],
    ['another DNS domain', subnet({ dnsDomain: 'other.local' }), 'networking.dnsDomain', /refused at once/],
    ['another cluster name', { clusterName: 'other' }, 'clusterName', /carry the present name/],
    ['another data directory', { etcd: localEtcd({ dataDir: '/data' }) }, 'etcd.local.dataDir', /starts empty/],
    ['another certificates directory', { certificatesDir: '/etc/pki' }, 'certificatesDir', /nothing trusts/],
    ['an external etcd', { etcd: externalEtcd() }, 'etcd', /does not move along/],
    ['a minor version down', { kubernetesVersion: 'v1.36.9' }, 'kubernetesVersion', /never goes down/],
    ['two minor versions up', { kubernetesVersion: 'v1.39.0' }, 'kubernetesVersion', /one minor version at a time/],
    ['an older minor of etcd', { etcd: localEtcd({ imageTag: '3.6.9-0' }) }, 'etcd.local.imageTag', /never goes down/],
  ];
  for (const [name, change, field, because] of cases) {
    test(`${name} is blocked with the reason`, async () => {
      const plan = await planOf(change);
      assert.deepEqual(
        plan.blocked.map((item) => item.field),
        [field],
      );
      assert.match(plan.blocked[0]?.because ?? '', because);
      assert.ok(!isEmptyPlan(plan));
    });
  }

  test('another node name is blocked', async () => {
    const usual = anEcdsaConfig();
    const nodeRegistration = { ...usual.init.nodeRegistration, name: 'node2' };
    const config = { ...usual, init: { ...usual.init, nodeRegistration } };
    const plan = planRollout(await aPlane({ config }));
    assert.deepEqual(
      plan.blocked.map(({ field, from, to }) => `${field} ${from} ${to}`),
      ['nodeRegistration.name node1 node2'],
    );
  });

  test('what grows is not: a second service family, a wider pod subnet, a patch down, a minor up', async () => {
    const former = anEcdsaConfig(subnet({ podSubnet: '10.244.0.0/16' }));
    const wider = subnet({ podSubnet: '10.240.0.0/12', serviceSubnet: '10.96.0.0/12,fd00:10:96::/112' });
    for (const kubernetesVersion of ['v1.37.1', 'v1.38.0']) {
      const config = anEcdsaConfig({ ...wider, kubernetesVersion });
      assert.deepEqual(planRollout(await aPlane({ former, config })).blocked, []);
    }
  });

  test('a pod subnet that leaves out what nodes hold is', async () => {
    const former = anEcdsaConfig(subnet({ podSubnet: '10.244.0.0/16' }));
    const config = anEcdsaConfig(subnet({ podSubnet: '10.244.0.0/17' }));
    assert.equal(planRollout(await aPlane({ former, config })).blocked[0]?.field, 'networking.podSubnet');
  });

  test('the issuer changes when the former one is still accepted', async () => {
    const issuers: readonly [string, string][] = [
      ['service-account-issuer', 'https://issuer.example.org'],
      ['service-account-issuer', 'https://kubernetes.default.svc.cluster.local'],
    ];
    const plan = await planOf({ apiServer: { ...component(issuers), certSANs: [] } });
    assert.deepEqual(plan.blocked, []);
  });
});

describe('how the API server changes over', () => {
  const gapOf = (facts: RolloutFacts) => of(planRollout(facts), 'kube-apiserver').expectedApiGap ?? '';
  const changed = async () =>
    aPlane({ config: anEcdsaConfig({ apiServer: { ...component([['v', '4']]), certSANs: [] } }) });

  test('only plain sharing of the port is said where the machine allows no more', async () => {
    const changeOver = { way: 'share', because: 'no CAP_NET_ADMIN' } as const;
    assert.match(gapOf({ ...(await changed()), changeOver }), /some requests get 403 or 500 \(no CAP_NET_ADMIN\)/);
  });

  test('an API server that does not share its port is stopped first', async () => {
    const facts = edited(await changed(), 'kube-apiserver', {
      pod: (pod) => withCommand(pod, (words) => words.filter((word) => !word.startsWith('--permit-port-sharing'))),
    });
    assert.match(gapOf(facts), /does not answer .*the running one has no --permit-port-sharing/);
  });

  test('rollout.apiServer: recreate is obeyed', async () => {
    const facts = await changed();
    const rollout = { ...facts.config.bootstrap.rollout, apiServer: 'recreate' as const };
    const config = { ...facts.config, bootstrap: { ...facts.config.bootstrap, rollout } };
    const rendered = await renderedPods(config);
    assert.match(gapOf({ ...facts, config, rendered }), /rollout\.apiServer is recreate/);
  });
});

function subnet(change: Partial<Cluster['networking']>): Partial<Cluster> {
  return { networking: { ...anEcdsaConfig().cluster.networking, ...change } };
}

function localEtcd(change: Partial<NonNullable<Cluster['etcd']['local']>>): Cluster['etcd'] {
  const { local } = anEcdsaConfig().cluster.etcd;
  assert.ok(local);
  return { local: { ...local, ...change } };
}

function externalEtcd(): Cluster['etcd'] {
  const endpoints = ['https://192.0.2.20:2379'];
  return { external: { endpoints, httpEndpoints: endpoints, caFile: '', certFile: '', keyFile: '' } };
}
