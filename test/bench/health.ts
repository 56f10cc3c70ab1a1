import * as http from 'node:http';
import * as https from 'node:https';
import type { Plane } from '../e2e/support/plane.ts';

const ports = {
  etcd: 'etcdMetrics',
  'kube-apiserver': 'apiServer',
  'kube-controller-manager': 'controllerManager',
  'kube-scheduler': 'scheduler',
} as const;

/** Resolves as soon as the component answers 200, asked every 10 ms; rejects after a minute. */
export async function answersOk(plane: Plane, component: keyof typeof ports, path: string): Promise<void> {
  const scheme = component === 'etcd' ? http : https;
  const url = `${component === 'etcd' ? 'http' : 'https'}://127.0.0.1:${plane.ports[ports[component]]}${path}`;
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    if ((await statusOf(scheme, url)) === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${url} did not answer 200 within a minute`);
}

function statusOf(scheme: typeof http | typeof https, url: string): Promise<number> {
  return new Promise((resolve) => {
    const request = scheme.get(
      url,
      { agent: false, rejectUnauthorized: false, timeout: 2000 } as https.RequestOptions,
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(0));
  });
}
