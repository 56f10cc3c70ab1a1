import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { HostNetwork } from '../../host/host.ts';

type Doors = { readonly clock: Pick<Clock, 'after'>; readonly host: Pick<HostNetwork, 'connectTcp'> };

/** A pull is given up when it is not done by then, and no connection to its registry can be made. */
const connectTimeoutMs = 5000;

/** Aborts, with the reason, unless the registry can be connected to or the watch is ended in time. */
export function watchConnection(
  { clock, host }: Doors,
  registry: string,
): { readonly signal: AbortSignal; end(): void } {
  const name = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
  const [address = name, port = '443'] = name.split(/:(?=\d+$)/);
  const controller = new AbortController();
  let unreachable: string | undefined = 'no connection was made';
  host.connectTcp(address, Number(port), connectTimeoutMs).then(
    () => {
      unreachable = undefined;
    },
    (thrown) => {
      unreachable = messageOf(thrown);
    },
  );
  const end = clock.after(connectTimeoutMs, () => {
    if (unreachable === undefined) return;
    const within = `no connection to ${name} within ${connectTimeoutMs / 1000} s (${unreachable})`;
    controller.abort(new Error(within));
  });
  return { signal: controller.signal, end };
}
