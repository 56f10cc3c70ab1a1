import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Host } from '../../host/host.ts';
import type { LogRotation } from './specs.ts';

export type DockerRuntimeOptions = {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
  /** The value of the owner label: one for each root directory. */
  readonly owner: string;
  readonly socketPath: string;
  /** Of json-file logs; the kubelet's defaults when not given. */
  readonly logRotation?: LogRotation | undefined;
};
