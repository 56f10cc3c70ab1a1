import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ProbeAnswer, ProbeOptions, ProbeReport, ProbeRequest } from './probing/report.ts';

export type { ProbeReport };

/** Clients of an API server that note whatever goes wrong, in a process of their own. */
export type Probing = {
  /** What there is to say so far; lost writes are only known at the end. */
  report(): Promise<ProbeReport>;
  /** Ends the clients and looks every acknowledged write up again, which needs an API server that answers. */
  stop(): Promise<ProbeReport>;
  /** Ends the process, whatever it does; for `finally` and `after`. */
  kill(): void;
};

/** Starts the clients; resolves when each of them has had an answer. */
export async function startProbing(options: ProbeOptions): Promise<Probing> {
  const child = fork(fileURLToPath(new URL('./probing/child.ts', import.meta.url)), { stdio: 'inherit' });
  const ask = (request: ProbeRequest) =>
    new Promise<ProbeAnswer>((resolve, reject) => {
      const settle = (act: () => void) => {
        child.off('message', answered);
        child.off('exit', ended);
        act();
      };
      const answered = (answer: ProbeAnswer) =>
        settle(() =>
          answer.did === 'fail' ? reject(new Error(`probing clients: ${answer.reason}`)) : resolve(answer),
        );
      const ended = () => settle(() => reject(new Error('the probing clients have ended by themselves')));
      child.on('message', answered);
      child.on('exit', ended);
      child.send(request);
    });
  const report = async (what: 'report' | 'stop') => {
    const answer = await ask({ do: what });
    if (!('report' in answer)) throw new Error('no report');
    return answer.report;
  };
  const kill = () => {
    child.kill('SIGKILL');
  };
  try {
    await ask({ do: 'start', options });
  } catch (thrown) {
    kill();
    throw thrown;
  }
  return { report: () => report('report'), stop: () => report('stop'), kill };
}

/** No client has noticed anything: no request failed, no event missed or doubled, no write lost, watches ended in order. */
export function assertUnnoticed(report: ProbeReport): void {
  const failed = Object.entries(report.clients).flatMap(([name, { failures }]) =>
    failures.map(({ atMs, kind, what }) => `${name} ${new Date(atMs).toISOString()} ${kind}: ${what}`),
  );
  assert.deepEqual(failed, []);
  assert.deepEqual(Object.keys(report.readyz.answers), ['200']);
  assertNothingLost(report);
  assert.equal(report.events.relisted, 0);
  assert.deepEqual(
    report.kubectlWatch.filter(({ code, stderr }) => code !== 0 || stderr !== ''),
    [],
  );
}

/** Whatever was refused or failed: every acknowledged write is there, and the watcher saw each of them exactly once. */
export function assertNothingLost({ writes, events }: ProbeReport): void {
  assert.ok(writes.acknowledged > 0, 'something was written');
  assert.deepEqual(writes.lost, []);
  assert.deepEqual({ missed: events.missed, doubled: events.doubled }, { missed: 0, doubled: 0 });
}

/** All failed requests of all clients. */
export function failedRequests(report: ProbeReport): number {
  return Object.values(report.clients).reduce((total, { failed }) => total + failed, 0);
}
