import { nodeHost } from '../../../src/host/node-host.ts';

/** One container as `docker inspect` shows it. */
export type Inspected = {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Status: string; readonly Pid: number; readonly ExitCode: number };
  readonly Image: string;
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
};

/** All containers that have these labels, dead ones too. */
export async function inspectAll(labels: readonly string[]): Promise<readonly Inspected[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: labels }));
  const list = (await engine(`/containers/json?all=1&filters=${filters}`)) as readonly { readonly Id: string }[];
  const all = await Promise.all(list.map(({ Id }) => engine(`/containers/${Id}/json`).catch(() => undefined)));
  return all.filter((one): one is Inspected => one !== undefined);
}

async function engine(path: string): Promise<unknown> {
  const socketPath = '/var/run/docker.sock';
  const { status, body } = await nodeHost.request(`http://docker/v1.41${path}`, { socketPath, timeoutMs: 10_000 });
  if (status !== 200) throw new Error(`Docker answers ${status} to ${path}`);
  return JSON.parse(Buffer.from(body).toString());
}
