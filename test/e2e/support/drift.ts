import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { nodeHost } from '../../../src/host/node-host.ts';
import type { Change, ComponentPlan } from '../../../src/rollout/types.ts';
import { eventually, expectCode, run } from './command.ts';
import type { Plane } from './plane.ts';

/** What these tests read of `bootstrap drift -o json`. */
export type DriftDocument = {
  readonly drifted: boolean;
  readonly components: readonly ComponentPlan[];
  readonly files: readonly Change[];
  readonly takenUp: readonly Change[];
};

/** Another name of an image that works. */
export const otherImage = 'localhost/not-what-the-manifest-says:1';

/** What somebody does who replaces a container while no agent looks: the same one from another image. */
export async function startFromOtherImage(plane: Plane, component: string): Promise<void> {
  const pid = plane.agentPid();
  process.kill(pid, 'SIGTERM');
  await eventually('the agent ends', async () => ((await nodeHost.identify(pid)) === undefined ? true : undefined));
  const owner = readFileSync(plane.path('var/lib/bootstrap/owner'), 'utf8').trim();
  const labels = [`kube-bootstrap/owner=${owner}`, `io.kubernetes.container.name=${component}`];
  const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
  const [id = ''] = expectCode(await run('docker', ['ps', '-q', ...filters]), 0).stdout.split('\n');
  const [container] = JSON.parse(expectCode(await run('docker', ['inspect', id]), 0).stdout);
  expectCode(await run('docker', ['tag', container.Image, otherImage]), 0);
  expectCode(await run('docker', ['rm', '-f', id]), 0);
  const body = JSON.stringify({
    ...container.Config,
    Image: otherImage,
    Hostname: '',
    HostConfig: container.HostConfig,
  });
  const created = await engine(`/containers/create?name=${container.Name.slice(1)}`, body);
  await engine(`/containers/${created.Id}/start`);
  expectCode(await plane.init(['phase', 'start-agent']), 0);
  await eventually('all are ready', async () => (await plane.status()).ready || undefined);
}

async function engine(path: string, body?: string): Promise<{ readonly Id: string }> {
  const answer = await nodeHost.request(`http://docker/v1.41${path}`, {
    ...{ socketPath: '/var/run/docker.sock', method: 'POST', headers: { 'Content-Type': 'application/json' } },
    ...(body !== undefined && { body }),
  });
  const text = Buffer.from(answer.body).toString();
  assert.ok(answer.status < 300, `${path}: ${answer.status} ${text}`);
  return text === '' ? { Id: '' } : JSON.parse(text);
}
