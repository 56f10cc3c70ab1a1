import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { HostNetwork } from '../../host/host.ts';

export type DialHost = Pick<HostNetwork, 'connectTcp'>;
type Context = { readonly clock: Clock; readonly host: DialHost };

/** A pull is given up when nothing has been heard from the registry by then, and no connection to it can be made. */
const connectTimeoutMs = 5000;
/** And when it makes no progress for so long (cri-dockerd defaultImagePullingProgressReportInterval × 6). */
const progressTimeoutMs = 60_000;

/**
 * Aborts a pull that goes nowhere. dockerd answers nothing until the registry has; where it is slow but can be
 * connected to, the longer limit holds.
 */
export class PullWatchdog {
  readonly #controller = new AbortController();
  readonly #context: Context;
  #cancel: () => void;
  reason: string | undefined;

  constructor(context: Context, registry: string) {
    this.#context = context;
    const [host = registry, port = '443'] = registry.split(/:(?=\d+$)/);
    let unreachable: string | undefined = 'no connection was made';
    context.host.connectTcp(host, Number(port), connectTimeoutMs).then(
      () => {
        unreachable = undefined;
      },
      (thrown) => {
        unreachable = messageOf(thrown);
      },
    );
    this.#cancel = context.clock.after(connectTimeoutMs, () => {
      if (unreachable === undefined) this.progress();
      else this.#giveUp(`no connection to ${registry} within ${connectTimeoutMs / 1000} s (${unreachable})`);
    });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  progress(): void {
    this.#cancel();
    const text = `no progress for ${progressTimeoutMs / 1000} s`;
    this.#cancel = this.#context.clock.after(progressTimeoutMs, () => this.#giveUp(text));
  }

  end(): void {
    this.#cancel();
  }

  #giveUp(reason: string): void {
    this.reason = reason;
    this.#controller.abort();
  }
}
