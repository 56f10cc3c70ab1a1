import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from '../../../components/locations.ts';
import { bootstrapProgram, expectCode, type Ran } from '../command.ts';
import { addresses, type NetworkNamespace } from './namespace.ts';

/** What a test changes of the kubelets' configuration. */
export type LabSettings = { readonly kubelet?: string; readonly cluster?: string };

/** A control plane of ours that other machines of the lab reach, with the ordinary ports in a network of its own. */
export class LabPlane {
  readonly root = mkdtempSync(join(tmpdir(), 'lab-plane-'));
  readonly config = join(this.root, 'config.yaml');
  readonly #network: NetworkNamespace;

  constructor(network: NetworkNamespace, settings: LabSettings = {}) {
    this.#network = network;
    this.configure(settings);
  }

  configure({ kubelet = '', cluster = '' }: LabSettings): void {
    const text = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: ${addresses.controlPlane}}
nodeRegistration: {name: cp}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
controlPlaneEndpoint: ${addresses.controlPlane}:6443
encryptionAlgorithm: ECDSA-P256
networking: {podSubnet: 10.244.0.0/16}
# cluster-info is signed late where the controller-manager holds itself back.
controllerManager: {extraArgs: [{name: kube-api-qps, value: "500"}, {name: kube-api-burst, value: "500"}]}
${cluster}---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
failSwapOn: false
${kubelet}---
apiVersion: kube-bootstrap/v1alpha1
kind: BootstrapConfiguration
runtime: {type: process}
`;
    writeFileSync(this.config, text);
  }

  init(args: readonly string[] = []): Promise<Ran> {
    return this.bootstrap(['init', '--config', this.config, ...args]);
  }

  bootstrap(args: readonly string[]): Promise<Ran> {
    return this.#network.run(bootstrapProgram, [...args, '--root-dir', this.root]);
  }

  kubectl(...args: readonly string[]): Promise<Ran> {
    const admin = join(this.root, 'etc/kubernetes/admin.conf');
    // kubectl's discovery cache belongs to the plane.
    const env = { KUBECACHEDIR: join(this.root, 'kubectl-cache') };
    return this.#network.run(program('kubectl'), ['--kubeconfig', admin, ...args], { env });
  }

  /** A file below its root; gives its path. */
  write(name: string, text: string): string {
    const path = join(this.root, name);
    writeFileSync(path, text);
    return path;
  }

  /** What a kubectl prints that has to succeed. */
  async get(...args: readonly string[]): Promise<string> {
    return expectCode(await this.kubectl('get', ...args), 0).stdout.trim();
  }

  async destroy(): Promise<void> {
    const ran = await this.bootstrap(['reset', '--force']);
    rmSync(this.root, { recursive: true, force: true });
    expectCode(ran, 0);
  }
}
