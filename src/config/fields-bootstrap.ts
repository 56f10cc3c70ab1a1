import { list, object, oneOf } from './schema.ts';

/** `kube-bootstrap/v1alpha1 BootstrapConfiguration`: what kubeadm's documents have no word for. */
export const bootstrapConfiguration = object({
  runtime: object({ type: oneOf('auto', 'docker', 'cri', 'process'), endpoint: 'string' }),
  images: object({ archives: list('string') }),
  rollout: object({
    apiServer: oneOf('overlap', 'recreate'),
    healthTimeout: 'duration',
    settle: 'duration',
    keepRevisions: 'int32',
    guardHandEdits: 'boolean',
  }),
  ports: object({
    etcdClient: 'int32',
    etcdPeer: 'int32',
    etcdMetrics: 'int32',
    controllerManager: 'int32',
    scheduler: 'int32',
    agentHealth: 'int32',
    kubeletApi: 'int32',
  }),
});
