import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Report } from '../base/report.ts';
import type { Paths } from '../config/paths.ts';
import type { Config } from '../config/types.ts';
import type { Host } from '../host/host.ts';
import type { RenderedManifest } from '../manifests/render.ts';

/**
 * One step of a workflow, callable alone as `bootstrap init phase NAME [SUBPHASE]`. `skip` gives the reason why there
 * is nothing to do in this configuration.
 */
export type Phase<Ctx = PhaseContext> = {
  readonly name: string;
  readonly summary: string;
  readonly phases?: readonly Phase<Ctx>[];
  readonly skip?: (context: Ctx) => string | undefined;
  readonly run?: (context: Ctx) => Promise<void>;
};

/** Read-only; phases speak to each other through the disk and the API server. */
export type PhaseContext = {
  readonly config: Config;
  readonly paths: Paths;
  readonly host: Host;
  readonly clock: Clock;
  readonly report: Report;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly dryRun: boolean;
  /** `--templates`: files that replace ours. */
  readonly templatesDirectory?: string | undefined;
  /** What this very configuration renders to, where that is known already. */
  readonly manifests?: readonly RenderedManifest[];
};
