import type { Paths } from '../config/paths.ts';
import type { Config, HostPathMount, NameValue } from '../config/types.ts';
import type { HostFacts } from './host-facts.ts';

export type ComponentName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler';

export type ViewInput = { readonly config: Config; readonly paths: Paths; readonly hostFacts: HostFacts };

/** What a template may use; every name in it is there (strict), `''`, `false` or an empty list where it does not apply. */
export type View = { readonly [name: string]: ViewValue };
export type ViewValue = string | number | boolean | View | readonly ViewValue[];

export type ExtraEnv = Readonly<Record<string, unknown> & { readonly name: string }>;

/** What the user adds to a component's container. */
export type Extras = {
  readonly args: readonly NameValue[];
  readonly volumes: readonly HostPathMount[];
  /** In the order of precedence: a later one replaces an earlier one of the same name. */
  readonly envs: readonly ExtraEnv[];
};

export type Component = {
  readonly name: ComponentName;
  view(input: ViewInput): View;
  extras(input: ViewInput): Extras;
};

/** The flag's value among extraArgs (the last one counts, as in kubeadm); undefined when it is not given. */
export function extraArg(args: readonly NameValue[], name: string): string | undefined {
  return args.findLast((arg) => arg.name === name)?.value;
}
