import { emptyList } from './revocation.ts';
import { keyPem, publicPem, type Workshop } from './workshop.ts';
import type { World } from './world.ts';

type Flags = Readonly<Record<string, string | readonly string[]>>;
/** Program, flags, and where its log goes. */
type Row = readonly [string, Flags, string];

const yaml = (value: unknown) => JSON.stringify(value);

/** The command lines, with every file of them written in its first form and each flag with a file of its own. */
export function files(world: World): readonly Row[] {
  return [...etcds(world), ...apiServers(world), ...managers(world), ...schedulers(world)];
}

function etcds({ shop, ports }: World): readonly Row[] {
  const url = (port: number) => `https://127.0.0.1:${port}`;
  const first: Flags = {
    name: 'one',
    'data-dir': shop.path('etcd-data'),
    'listen-client-urls': url(ports.etcd),
    'advertise-client-urls': url(ports.etcd),
    'listen-peer-urls': url(ports.etcdPeer),
    'initial-advertise-peer-urls': url(ports.etcdPeer),
    'initial-cluster': `one=${url(ports.etcdPeer)}`,
    ...pairFlags(shop, 'etcd/client', ['cert-file', 'key-file']),
    ...pairFlags(shop, 'etcd/peer', ['peer-cert-file', 'peer-key-file']),
    'client-cert-auth': 'true',
    'peer-client-cert-auth': 'true',
    'trusted-ca-file': shop.write('etcd/ca.crt', String(shop.ca.certificate)),
    'peer-trusted-ca-file': shop.write('etcd/peer-ca.crt', String(shop.ca.certificate)),
    'client-crl-file': shop.write('etcd/crl', emptyList(shop)),
    'peer-crl-file': shop.write('etcd/peer-crl', emptyList(shop)),
  };
  return [
    ['etcd', first, 'etcd'],
    ['etcd', { 'config-file': shop.write('etcd2.yaml', secondEtcd({ shop, ports }, [ports.metrics])) }, 'etcd2'],
  ];
}

/** The configuration file of the second etcd, which serves metrics on these ports. */
export function secondEtcd({ shop, ports }: Pick<World, 'shop' | 'ports'>, metrics: readonly number[]): string {
  const url = (port: number) => `http://127.0.0.1:${port}`;
  return yaml({
    name: 'two',
    'data-dir': shop.path('etcd2-data'),
    'listen-client-urls': url(ports.etcd2),
    'advertise-client-urls': url(ports.etcd2),
    'listen-peer-urls': url(ports.etcd2Peer),
    'initial-advertise-peer-urls': url(ports.etcd2Peer),
    'initial-cluster': `two=${url(ports.etcd2Peer)}`,
    'listen-metrics-urls': metrics.map(url).join(','),
  });
}

function pairFlags(shop: Workshop, name: string, [crt, key]: readonly [string, string]): Flags {
  shop.pair(name, shop.ca, { commonName: 'here', sans: ['127.0.0.1', 'localhost'] });
  return { [crt]: shop.path(`${name}.crt`), [key]: shop.path(`${name}.key`) };
}

/** What every program that serves with client-go's dynamic certificates has. */
function serving(shop: Workshop, name: string): Flags {
  shop.pair(`${name}/sni`, shop.ca, { commonName: 'sni.example', sans: ['sni.example'] });
  return {
    ...pairFlags(shop, `${name}/tls`, ['tls-cert-file', 'tls-private-key-file']),
    'tls-sni-cert-key': `${shop.path(`${name}/sni.crt`)},${shop.path(`${name}/sni.key`)}:sni.example`,
    'client-ca-file': shop.write(`${name}/client-ca.crt`, String(shop.ca.certificate)),
    'requestheader-client-ca-file': shop.write(`${name}/front-ca.crt`, String(shop.ca.certificate)),
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'bind-address': '127.0.0.1',
  };
}

function apiServers(world: World): readonly Row[] {
  const { ports } = world;
  return [
    ['kube-apiserver', { ...commonApi(world, 'api'), ...firstApi(world), 'secure-port': String(ports.api) }, 'api'],
    [
      'kube-apiserver',
      { ...commonApi(world, 'other-api'), ...otherApi(world), 'secure-port': String(ports.otherApi) },
      'other-api',
    ],
  ];
}

function commonApi({ shop, ports, accountKeys }: World, name: string): Flags {
  const [key] = accountKeys;
  if (key === undefined) throw new Error('no key');
  return {
    ...serving(shop, name),
    'etcd-servers': `https://127.0.0.1:${ports.etcd}`,
    'etcd-cafile': shop.write(`${name}/etcd-ca.crt`, String(shop.ca.certificate)),
    ...pairFlags(shop, `${name}/etcd`, ['etcd-certfile', 'etcd-keyfile']),
    'service-cluster-ip-range': '10.96.0.0/16',
    'service-account-issuer': 'https://proof.example',
    'service-account-key-file': shop.write(`${name}/sa.pub`, publicPem(key)),
    'service-account-signing-key-file': shop.write(`${name}/sa.key`, keyPem(key)),
    'endpoint-reconciler-type': 'none',
    'disable-admission-plugins': 'ServiceAccount',
    'allow-privileged': 'true',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
  };
}

function firstApi(world: World): Flags {
  const { shop, web, events, templates } = world;
  shop.kubeconfig('api/authz-b.conf', `${web.url}/authz-config-b`);
  const overrides = [`/events#https://127.0.0.1:${events.port}`, `/podtemplates#https://127.0.0.1:${templates.port}`];
  return {
    'etcd-servers-overrides': overrides.join(','),
    'watch-cache-sizes': 'podtemplates#0',
    ...pairFlags(shop, 'api/front', ['proxy-client-cert-file', 'proxy-client-key-file']),
    ...pairFlags(shop, 'api/kubelet', ['kubelet-client-certificate', 'kubelet-client-key']),
    'kubelet-certificate-authority': shop.write('api/kubelet-ca.crt', String(shop.ca.certificate)),
    'authentication-config': shop.write('api/authentication.yaml', authentication(world, 'a:')),
    'authorization-config': shop.write(
      'api/authorization.yaml',
      authorization(shop.kubeconfig('api/authz-a.conf', `${web.url}/authz-config-a`)),
    ),
    'admission-control-config-file': shop.write('api/admission.yaml', admission('privileged')),
    'audit-policy-file': shop.write('api/audit.yaml', auditPolicy('None')),
    'audit-log-path': shop.path('api/audit.log'),
    'encryption-provider-config': shop.write('api/encryption.yaml', encryption(false)),
    'encryption-provider-config-automatic-reload': 'true',
  };
}

function otherApi({ shop, web, otherWeb }: World): Flags {
  return {
    'etcd-prefix': '/other',
    'authorization-mode': 'RBAC,ABAC,Webhook',
    'authorization-policy-file': shop.write('other-api/abac.jsonl', policyLine('first')),
    'authorization-webhook-config-file': shop.kubeconfig('other-api/authz.conf', `${web.url}/authz-a`),
    'authentication-token-webhook-config-file': shop.kubeconfig('other-api/authn.conf', `${web.url}/authn-a`),
    'token-auth-file': shop.write('other-api/tokens.csv', 'first-token,first,1\n'),
    'oidc-issuer-url': otherWeb.url,
    'oidc-client-id': 'proof',
    'oidc-signing-algs': 'ES256',
    'oidc-ca-file': shop.write('other-api/oidc-ca.crt', String(shop.ca.certificate)),
    'audit-policy-file': shop.write('other-api/audit.yaml', auditPolicy('Metadata')),
    'audit-webhook-config-file': shop.kubeconfig('other-api/audit.conf', `${web.url}/audit-a`),
    'audit-webhook-batch-max-wait': '500ms',
    'egress-selector-config-file': shop.write('other-api/egress.yaml', egress(undefined)),
    'tracing-config-file': shop.write('other-api/tracing.yaml', tracing(1)),
    'encryption-provider-config': shop.write('other-api/encryption.yaml', encryption(false)),
  };
}

function managers(world: World): readonly Row[] {
  const { shop, ports, accountKeys } = world;
  const [key] = accountKeys;
  if (key === undefined) throw new Error('no key');
  const signing = ['kubelet-serving', 'kubelet-client', 'kube-apiserver-client', 'legacy-unknown'];
  const authority = (name: string): readonly [string, string] => {
    shop.write(`${name}.key`, keyPem(shop.ca.key));
    return [shop.write(`${name}.crt`, String(shop.ca.certificate)), shop.path(`${name}.key`)];
  };
  const signers = signing.map((signer): Flags => {
    const [crt, own] = authority(`manager/${signer}`);
    return { [`cluster-signing-${signer}-cert-file`]: crt, [`cluster-signing-${signer}-key-file`]: own };
  });
  const [crt, own] = authority('other-manager/signing');
  const first = {
    ...serving(shop, 'manager'),
    ...kubeconfigFlags(world, 'manager'),
    ...Object.assign({}, ...signers),
    controllers:
      'certificatesigningrequest-signing-controller,root-ca-certificate-publisher-controller,serviceaccount-token-controller',
    'leader-elect': 'false',
    'secure-port': String(ports.manager),
    'root-ca-file': shop.write('manager/root-ca.crt', String(shop.ca.certificate)),
    'service-account-private-key-file': shop.write('manager/sa.key', keyPem(key)),
  };
  const direct = shop.kubeconfig('other-manager/kubeconfig', `https://127.0.0.1:${ports.otherApi}`);
  const other = {
    kubeconfig: direct,
    'authentication-kubeconfig': direct,
    'authorization-kubeconfig': direct,
    'bind-address': '127.0.0.1',
    'secure-port': String(ports.otherManager),
    controllers: 'certificatesigningrequest-signing-controller',
    'leader-elect': 'false',
    'cluster-signing-cert-file': crt,
    'cluster-signing-key-file': own,
  };
  return [
    ['kube-controller-manager', first, 'manager'],
    ['kube-controller-manager', other, 'other-manager'],
  ];
}

function kubeconfigFlags({ shop, ports }: World, name: string): Flags {
  const server = `https://127.0.0.1:${ports.api}`;
  const uses = ['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'];
  return Object.fromEntries(uses.map((use) => [use, shop.kubeconfig(`${name}/${use}`, server)]));
}

function schedulers(world: World): readonly Row[] {
  const { shop, ports } = world;
  const first = {
    ...serving(shop, 'scheduler'),
    ...kubeconfigFlags(world, 'scheduler'),
    'leader-elect': 'false',
    'secure-port': String(ports.scheduler),
  };
  const direct = shop.kubeconfig('other-scheduler/kubeconfig', `https://127.0.0.1:${ports.api}`);
  const other = {
    config: shop.write('other-scheduler/config.yaml', schedulerConfig(direct, 16)),
    'authentication-kubeconfig': direct,
    'authorization-kubeconfig': direct,
    'bind-address': '127.0.0.1',
    'secure-port': String(ports.otherScheduler),
  };
  return [
    ['kube-scheduler', first, 'scheduler'],
    ['kube-scheduler', other, 'other-scheduler'],
  ];
}

export function schedulerConfig(kubeconfig: string, parallelism: number): string {
  return yaml({
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    clientConnection: { kubeconfig },
    leaderElection: { leaderElect: false },
    parallelism,
  });
}

export function authentication({ web, shop }: Pick<World, 'web' | 'shop'>, prefix: string): string {
  const issuer = { url: web.url, audiences: ['proof'], certificateAuthority: String(shop.ca.certificate) };
  const jwt = [{ issuer, claimMappings: { username: { claim: 'sub', prefix } } }];
  return yaml({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthenticationConfiguration', jwt });
}

export function authorization(kubeConfigFile: string): string {
  const webhook = {
    ...{ timeout: '3s', authorizedTTL: '1s', unauthorizedTTL: '1s', failurePolicy: 'NoOpinion' },
    ...{ subjectAccessReviewVersion: 'v1', matchConditionSubjectAccessReviewVersion: 'v1' },
    connectionInfo: { type: 'KubeConfigFile', kubeConfigFile },
  };
  const authorizers = [
    { type: 'RBAC', name: 'rbac' },
    { type: 'Webhook', name: 'webhook', webhook },
  ];
  return yaml({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers });
}

export function admission(enforce: string): string {
  const configuration = {
    ...{ apiVersion: 'pod-security.admission.config.k8s.io/v1', kind: 'PodSecurityConfiguration' },
    defaults: { enforce, 'enforce-version': 'latest' },
  };
  const plugins = [{ name: 'PodSecurity', configuration }];
  return yaml({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration', plugins });
}

export function auditPolicy(level: string): string {
  return yaml({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level }] });
}

export function encryption(on: boolean): string {
  const aescbc = { aescbc: { keys: [{ name: 'one', secret: Buffer.alloc(32, 7).toString('base64') }] } };
  const providers = on ? [aescbc, { identity: {} }] : [{ identity: {} }, aescbc];
  const resources = [{ resources: ['secrets'], providers }];
  return yaml({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'EncryptionConfiguration', resources });
}

/** Straight to the kubelets, or through the proxy at this socket file. */
export function egress(proxy: string | undefined): string {
  const connection =
    proxy === undefined
      ? { proxyProtocol: 'Direct' }
      : { proxyProtocol: 'HTTPConnect', transport: { uds: { udsName: proxy } } };
  const egressSelections = [{ name: 'cluster', connection }];
  return yaml({ apiVersion: 'apiserver.k8s.io/v1beta1', kind: 'EgressSelectorConfiguration', egressSelections });
}

export function tracing(port: number): string {
  const sampled = { endpoint: `127.0.0.1:${port}`, samplingRatePerMillion: 1_000_000 };
  return yaml({ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'TracingConfiguration', ...sampled });
}

/** Lets this user do everything. */
export function policyLine(user: string): string {
  const spec = { user, namespace: '*', resource: '*', apiGroup: '*', nonResourcePath: '*' };
  return `${yaml({ apiVersion: 'abac.authorization.kubernetes.io/v1beta1', kind: 'Policy', spec })}\n`;
}
