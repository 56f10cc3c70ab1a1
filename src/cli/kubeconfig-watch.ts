import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Host } from '../host/host.ts';
import { parseKubeconfig } from '../kubeconfig/kubeconfig.ts';

const lookEveryMs = 20_000;

/** What became of `--kubeconfig`; static pods never wait for it. */
export type KubeconfigWatch = {
  /** In words, undefined without a kubeconfig. */
  problem(): string | undefined;
  close(): void;
};

/** Looks for the credentials of an API server until `close`; says once what is wrong with them, and again when that changes. */
export function watchKubeconfig(
  { host, clock, log }: { readonly host: Pick<Host, 'readText'>; readonly clock: Clock; readonly log: Log },
  path: string | undefined,
): KubeconfigWatch {
  let problem: string | undefined;
  let cancel = () => {};
  let closed = false;
  const look = async () => {
    if (path === undefined || closed) return;
    const found = await problemOf(host, path);
    if (closed) return;
    if (found !== problem) log.warn(found);
    problem = found;
    cancel = clock.after(lookEveryMs, () => void look());
  };
  void look();
  return {
    problem: () => problem,
    close: () => {
      closed = true;
      cancel();
    },
  };
}

async function problemOf(host: Pick<Host, 'readText'>, path: string): Promise<string> {
  const without = 'static pods run without an API server; it is looked for again every 20 s';
  try {
    const text = await host.readText(path);
    if (text === undefined) return `--kubeconfig ${path} is not there: ${without}`;
    const { server } = parseKubeconfig(text, `--kubeconfig ${path}`);
    return `this release makes no mirror pods and registers no node at ${server}: see the pods with bootstrap status`;
  } catch (thrown) {
    return `${messageOf(thrown)}: ${without}`;
  }
}
