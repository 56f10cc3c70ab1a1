import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from '../../../src/cli/status/logs.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import { nodeHost } from '../../../src/host/node-host.ts';
import { aCliContext, plainText } from '../../fakes/cli-context.ts';

const rootDir = mkdtempSync(join(tmpdir(), 'logs-'));
after(() => rmSync(rootDir, { recursive: true }));
const directory = join(pathsOf(rootDir).podLogsDir, 'default_web-node1_uid1', 'app');

test('logs -f goes on to the next attempt although the log of the one before it was removed', async () => {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, '0.log'), 'first\n');
  const over = new AbortController();
  const cli = aCliContext({ host: nodeHost, signal: over.signal });
  const done = run(cli, { options: { rootDir, follow: true }, arguments: ['web-node1'], common: plainText });
  const until = async (words: string) => {
    while (!cli.out().includes(words)) await cli.clock.advance(250);
  };
  await until('first');
  rmSync(join(directory, '0.log'));
  writeFileSync(join(directory, '2.log'), 'third\n');
  await until('third');
  over.abort();
  await cli.clock.advance(250);
  assert.equal(await done, 0);
  assert.equal(cli.out(), 'first\nthird\n');
});
