import * as https from 'node:https';
import { type Access, type Answer, get } from './access.ts';
import type { ProbeReport } from './report.ts';
import { kindOf, oneAfterAnother, repeat, type Tally } from './tally.ts';

/** An object that the server looks up only after it has checked the rules of RBAC. */
const askedPath = '/api/v1/namespaces/kube-system';

/** A new TLS connection every 20 ms, also while earlier ones wait. */
export function startConnections(access: Access, tally: Tally): () => Promise<void> {
  return repeat(20, () => tallied(tally, () => get(access, askedPath, false)));
}

/** One request after another, every 50 ms, on a connection that is kept. */
export function startKeepAlive(access: Access, tally: Tally): () => Promise<void> {
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  const stop = oneAfterAnother(50, () => tallied(tally, () => get(access, askedPath, agent)));
  return async () => {
    await stop();
    agent.destroy();
  };
}

/** As `startKeepAlive`, by a given way of asking. */
export function startAsking(ask: (path: string) => Promise<Answer>, tally: Tally): () => Promise<void> {
  return oneAfterAnother(50, () => tallied(tally, () => ask(askedPath)));
}

async function tallied(tally: Tally, ask: () => Promise<Answer>): Promise<void> {
  const begun = performance.now();
  try {
    const { status, text } = await ask();
    if (status === 200) tally.good(performance.now() - begun);
    else tally.bad(`http ${status}`, text.slice(0, 200));
  } catch (thrown) {
    tally.bad(kindOf(thrown), String(thrown));
  }
}

/** `200`, or the status with the checks that failed: `500 etcd shutdown`. */
function readinessText({ status, text }: Answer): string {
  const failed = [...text.matchAll(/^\[-\](\S+) failed/gm)].map(([, name]) => name);
  return [String(status), ...failed].join(' ');
}

/** `/readyz` every 50 ms, each on a connection of its own, as a load balancer asks. */
export class Readyz {
  readonly #answers: Record<string, number> = {};
  #asked = 0;
  #notReadyMs = 0;
  #longestMs = 0;
  #badSince: number | undefined;
  #last: { readonly at: number; readonly good: boolean } | undefined;

  start(access: Access): () => Promise<void> {
    return oneAfterAnother(50, async () => {
      const at = performance.now();
      const answer = await get(access, '/readyz', false).then(readinessText, kindOf);
      this.#note(at, answer);
    });
  }

  #note(at: number, answer: string): void {
    const good = answer === '200';
    this.#asked += 1;
    this.#answers[answer] = (this.#answers[answer] ?? 0) + 1;
    if (this.#last !== undefined && !this.#last.good) this.#notReadyMs += at - this.#last.at;
    if (good && this.#badSince !== undefined) {
      this.#longestMs = Math.max(this.#longestMs, at - this.#badSince);
      this.#badSince = undefined;
    }
    if (!good) this.#badSince ??= at;
    this.#last = { at, good };
  }

  report(): ProbeReport['readyz'] {
    const since = this.#badSince === undefined ? 0 : performance.now() - this.#badSince;
    return {
      asked: this.#asked,
      notReadyMs: Math.round(this.#notReadyMs),
      longestNotReadyMs: Math.round(Math.max(this.#longestMs, since)),
      answers: this.#answers,
    };
  }
}
