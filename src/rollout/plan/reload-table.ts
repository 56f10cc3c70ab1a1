import type { ComponentName } from '../../manifests/component.ts';

/** How a component takes up a changed file: by itself, or only when it starts. */
export type Reload = 'live' | 'restart';

export type ReloadRow = {
  readonly component: ComponentName;
  /** Names the file; a value of several paths is split at commas and colons. */
  readonly flag: string;
  readonly reload: Reload;
  /** A flag whose value `true` makes it `live`. */
  readonly liveWith?: string;
  /** Where that is to be read, Kubernetes v1.37.2 and etcd v3.7.0. */
  readonly source: string;
};

const dynamic = 'apiserver/pkg/server/dynamiccertificates: watched, looked at every minute';
const caRotation = 'client-go/transport/ca_rotation.go: looked at every five minutes';
const atStart = 'read once at start';

const apiserver = (flag: string, reload: Reload, source: string, liveWith?: string): ReloadRow => ({
  component: 'kube-apiserver',
  flag,
  reload,
  source,
  ...(liveWith !== undefined && { liveWith }),
});

/** The flags of kube-controller-manager and kube-scheduler alike. */
const loopbackServer = (component: ComponentName): readonly ReloadRow[] => [
  { component, flag: '--tls-cert-file', reload: 'live', source: dynamic },
  { component, flag: '--tls-private-key-file', reload: 'live', source: dynamic },
  { component, flag: '--tls-sni-cert-key', reload: 'live', source: dynamic },
  { component, flag: '--client-ca-file', reload: 'live', source: dynamic },
  { component, flag: '--requestheader-client-ca-file', reload: 'live', source: dynamic },
  // client-go takes up files that a kubeconfig names, not what is embedded, and never another server.
  { component, flag: '--kubeconfig', reload: 'restart', source: atStart },
  { component, flag: '--authentication-kubeconfig', reload: 'restart', source: atStart },
  { component, flag: '--authorization-kubeconfig', reload: 'restart', source: atStart },
];

const etcdRow = (flag: string, reload: Reload, source: string): ReloadRow => ({
  component: 'etcd',
  flag,
  reload,
  source,
});
const eachHandshake = 'etcd client/pkg/transport/listener.go: read at every handshake';

/** Which files the components read by a flag, and whether they notice when one changes. */
export const reloadTable: readonly ReloadRow[] = [
  apiserver('--tls-cert-file', 'live', dynamic),
  apiserver('--tls-private-key-file', 'live', dynamic),
  apiserver('--tls-sni-cert-key', 'live', dynamic),
  apiserver('--client-ca-file', 'live', dynamic),
  apiserver('--requestheader-client-ca-file', 'live', dynamic),
  apiserver('--proxy-client-cert-file', 'live', 'kube-aggregator/pkg/apiserver/apiserver.go: dynamiccertificates'),
  apiserver('--proxy-client-key-file', 'live', 'kube-aggregator/pkg/apiserver/apiserver.go: dynamiccertificates'),
  apiserver('--kubelet-client-certificate', 'live', 'pkg/kubelet/client/kubelet_client.go: ReloadTLSFiles'),
  apiserver('--kubelet-client-key', 'live', 'pkg/kubelet/client/kubelet_client.go: ReloadTLSFiles'),
  apiserver('--kubelet-certificate-authority', 'live', caRotation),
  apiserver('--etcd-certfile', 'live', eachHandshake),
  apiserver('--etcd-keyfile', 'live', eachHandshake),
  apiserver('--etcd-cafile', 'restart', 'etcd client/pkg/transport/listener.go: RootCAs made once'),
  apiserver('--service-account-key-file', 'restart', atStart),
  apiserver('--service-account-signing-key-file', 'restart', atStart),
  apiserver('--authentication-config', 'live', 'kubeapiserver/options/authentication.go: reloads the file'),
  apiserver('--authorization-config', 'live', 'kubeapiserver/authorizer/reload.go'),
  apiserver('--authorization-policy-file', 'restart', atStart),
  apiserver('--authorization-webhook-config-file', 'restart', atStart),
  apiserver('--authentication-token-webhook-config-file', 'restart', atStart),
  apiserver('--token-auth-file', 'restart', atStart),
  apiserver('--oidc-ca-file', 'restart', atStart),
  apiserver('--peer-ca-file', 'live', caRotation),
  apiserver('--admission-control-config-file', 'restart', atStart),
  apiserver('--audit-policy-file', 'restart', atStart),
  apiserver('--audit-webhook-config-file', 'restart', atStart),
  apiserver('--egress-selector-config-file', 'restart', atStart),
  apiserver('--tracing-config-file', 'restart', atStart),
  apiserver(
    '--encryption-provider-config',
    'restart',
    'apiserver/pkg/server/options/etcd.go: read at start, or watched when asked for',
    '--encryption-provider-config-automatic-reload',
  ),
  ...loopbackServer('kube-controller-manager'),
  ...[
    '--cluster-signing-cert-file',
    '--cluster-signing-key-file',
    '--cluster-signing-kubelet-serving-cert-file',
    '--cluster-signing-kubelet-serving-key-file',
    '--cluster-signing-kubelet-client-cert-file',
    '--cluster-signing-kubelet-client-key-file',
    '--cluster-signing-kube-apiserver-client-cert-file',
    '--cluster-signing-kube-apiserver-client-key-file',
    '--cluster-signing-legacy-unknown-cert-file',
    '--cluster-signing-legacy-unknown-key-file',
  ].map((flag): ReloadRow => {
    const source = 'pkg/controller/certificates/signer/ca_provider.go: dynamiccertificates';
    return { component: 'kube-controller-manager', flag, reload: 'live', source };
  }),
  { component: 'kube-controller-manager', flag: '--root-ca-file', reload: 'restart', source: atStart },
  {
    component: 'kube-controller-manager',
    flag: '--service-account-private-key-file',
    reload: 'restart',
    source: atStart,
  },
  ...[
    '--leader-migration-config',
    '--pv-recycler-pod-template-filepath-hostpath',
    '--pv-recycler-pod-template-filepath-nfs',
  ].map((flag): ReloadRow => ({ component: 'kube-controller-manager', flag, reload: 'restart', source: atStart })),
  ...loopbackServer('kube-scheduler'),
  { component: 'kube-scheduler', flag: '--config', reload: 'restart', source: atStart },
  etcdRow('--cert-file', 'live', eachHandshake),
  etcdRow('--key-file', 'live', eachHandshake),
  etcdRow('--peer-cert-file', 'live', eachHandshake),
  etcdRow('--peer-key-file', 'live', eachHandshake),
  etcdRow('--client-cert-file', 'live', eachHandshake),
  etcdRow('--client-key-file', 'live', eachHandshake),
  etcdRow('--peer-client-cert-file', 'live', eachHandshake),
  etcdRow('--peer-client-key-file', 'live', eachHandshake),
  etcdRow('--client-crl-file', 'live', eachHandshake),
  etcdRow('--peer-crl-file', 'live', eachHandshake),
  etcdRow('--trusted-ca-file', 'restart', 'etcd client/pkg/transport/listener.go: ClientCAs made once'),
  etcdRow('--peer-trusted-ca-file', 'restart', 'etcd client/pkg/transport/listener.go: ClientCAs made once'),
  etcdRow('--config-file', 'restart', atStart),
];
