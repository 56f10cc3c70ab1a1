import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Host } from '../../host/host.ts';
import type { CriClient } from './client.ts';
import type { KnownPods } from './known-pods.ts';

export type CriRuntimeOptions = {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
  /** The value of the owner label: one for each root directory. */
  readonly owner: string;
  readonly socketPath: string;
};

/** What the parts of this runtime work with. */
export type CriContext = CriRuntimeOptions & {
  readonly client: CriClient;
  /** Whose the sandboxes and containers are that were seen. */
  readonly known: KnownPods;
  /** Says each sentence once. */
  readonly warn: (message: string) => void;
};
