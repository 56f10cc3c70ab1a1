import { defaultPorts } from '../config/constants.ts';
import { imagesOf } from '../config/images.ts';
import { type Component, extraArg, type View, type ViewInput } from './component.ts';
import { graceSeconds } from './grace.ts';
import { probeHost, probeView } from './probe.ts';
import { namedDirectories } from './trust-stores.ts';

/** The controller manager as kubeadm makes it (phases/controlplane/manifests.go). */
export const kubeControllerManager: Component = {
  name: 'kube-controller-manager',
  view: controllerManagerView,
  extras: ({ config, hostFacts }) => ({
    args: config.cluster.controllerManager.extraArgs,
    volumes: config.cluster.controllerManager.extraVolumes,
    envs: [...hostFacts.proxyEnvs, ...config.cluster.controllerManager.extraEnvs],
  }),
};

function controllerManagerView({ config, paths, hostFacts }: ViewInput): View {
  const { clusterName, controllerManager, networking } = config.cluster;
  const port = config.bootstrap.ports.controllerManager;
  const bindAddress = extraArg(controllerManager.extraArgs, 'bind-address') ?? '127.0.0.1';
  return {
    changedPort: port === defaultPorts.controllerManager ? '' : port,
    clusterName,
    externalCA: hostFacts.externalCA,
    graceSeconds: graceSeconds['kube-controller-manager'],
    image: imagesOf(config).kubeControllerManager,
    kubeconfig: paths.controllerManagerConf,
    pki: paths.certificatesDir,
    podSubnet: networking.podSubnet ?? '',
    probe: probeView(config, { host: probeHost(bindAddress), port, scheme: 'HTTPS' }),
    serviceSubnet: networking.serviceSubnet,
    trustStores: namedDirectories(hostFacts.trustStores),
  };
}
