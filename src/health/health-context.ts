import type { Clock } from '../base/clock.ts';
import type { Paths } from '../config/paths.ts';
import type { Host } from '../host/host.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Pod } from '../kube/types.ts';

/** A client as the kubeconfig file says, at another address where one is given. */
export type OpenKube = (
  kubeconfigPath: string,
  options?: {
    readonly server?: string;
    /** Whatever name the server's certificate is for. */
    readonly anyName?: boolean;
    readonly signal?: AbortSignal;
    readonly timeoutMs?: number;
  },
) => Promise<KubeClient>;

/** What asking a component for its health, and saying why it has none, needs. */
export type HealthContext = {
  readonly host: Pick<Host, 'request' | 'connectTcp' | 'listeners'>;
  readonly paths: Paths;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly kube: OpenKube;
  /** The last lines that a container wrote, newest last. */
  readonly lastLogLines: (pod: Pod, container: string, count: number) => Promise<readonly string[]>;
};
