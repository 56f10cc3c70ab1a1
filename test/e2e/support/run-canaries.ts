import { systemClock } from '../../../src/base/clock.ts';
import { errorDocument } from '../../../src/cli/error-text.ts';
import { planFor } from '../../../src/cli/rollout/plan.ts';
import { rolloutContext } from '../../../src/cli/rollout/rollout-context.ts';
import { rolloutReport } from '../../../src/cli/rollout/rollout-report.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import { runCanaries } from '../../../src/rollout/canary/run-canaries.ts';

/**
 * Tries what a configuration would change, and nothing else: `run-canaries.ts ROOT CONFIG`. One line of JSON: the report
 * or the error, and how long it took. Killed, it leaves what a killed `apply` leaves.
 */
const [rootDir = '', config = ''] = process.argv.slice(2);
const interrupted = new AbortController();
process.on('SIGINT', () => interrupted.abort(new Error('interrupted')));
const streams = {
  stdout: { write: (text: string) => void process.stderr.write(text), isTerminal: false, columns: 100 },
  stderr: { write: (text: string) => void process.stderr.write(text), isTerminal: false, columns: 100 },
};
const cli = {
  ...streams,
  host: nodeHost,
  clock: systemClock,
  signal: interrupted.signal,
  argv: [],
  confirm: undefined,
};
const common = { output: 'text', verbosity: 1, color: false } as const;
const options = { rootDir, config };
const report = rolloutReport(cli, common);
const planned = await planFor(cli, options, report);
const context = await rolloutContext({ cli, common, options, planned, report });
const sinceMs = performance.now();
const outcome = await runCanaries(context, planned.plan).then(
  (result) => ({ report: result }),
  (thrown: unknown) => ({ error: errorDocument(thrown) }),
);
process.stdout.write(`${JSON.stringify({ ...outcome, tookMs: Math.round(performance.now() - sinceMs) })}\n`);
process.exit(0);
