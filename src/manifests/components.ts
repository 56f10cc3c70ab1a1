import type { Config } from '../config/types.ts';
import type { Component, ComponentName } from './component.ts';
import { etcd } from './etcd.ts';
import { kubeApiserver } from './kube-apiserver.ts';
import { kubeControllerManager } from './kube-controller-manager.ts';
import { kubeScheduler } from './kube-scheduler.ts';

/** The static pods of a control plane, in the order in which they are written. */
export const components: readonly Component[] = [etcd, kubeApiserver, kubeControllerManager, kubeScheduler];

/** The components that this configuration runs here. */
export function componentsOf(config: Config): readonly Component[] {
  return components.filter(({ name }) => name !== 'etcd' || config.cluster.etcd.local !== undefined);
}

/** The manifest's name in the manifest directory. */
export function manifestFile(name: ComponentName): string {
  return `${name}.yaml`;
}
