import { defaultPorts } from '../config/constants.ts';
import { imagesOf } from '../config/images.ts';
import { type Component, extraArg, type View, type ViewInput } from './component.ts';
import { graceSeconds } from './grace.ts';
import { probeHost, probeView } from './probe.ts';

/** The scheduler as kubeadm makes it (phases/controlplane/manifests.go). */
export const kubeScheduler: Component = {
  name: 'kube-scheduler',
  view: schedulerView,
  extras: ({ config, hostFacts }) => ({
    args: config.cluster.scheduler.extraArgs,
    volumes: config.cluster.scheduler.extraVolumes,
    envs: [...hostFacts.proxyEnvs, ...config.cluster.scheduler.extraEnvs],
  }),
};

function schedulerView({ config, paths }: ViewInput): View {
  const port = config.bootstrap.ports.scheduler;
  const bindAddress = extraArg(config.cluster.scheduler.extraArgs, 'bind-address') ?? '127.0.0.1';
  return {
    changedPort: port === defaultPorts.scheduler ? '' : port,
    graceSeconds: graceSeconds['kube-scheduler'],
    image: imagesOf(config).kubeScheduler,
    kubeconfig: paths.schedulerConf,
    probe: probeView(config, { host: probeHost(bindAddress), port, scheme: 'HTTPS' }),
  };
}
