import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { AcceptanceAgent } from './acceptance.ts';
import { bootstrap } from './command.ts';
import { hasDocker } from './docker-pods.ts';

const dockerAnswers = await hasDocker();

/** Tests of one agent at the same time, where a Docker Engine answers; else what a user is told. */
export function describeOnDocker(
  agent: AcceptanceAgent,
  what: string,
  tests: () => void,
  around: { readonly begin?: () => Promise<void>; readonly end?: () => void } = {},
): void {
  describe(what, { concurrency: 8 }, () => {
    if (!dockerAnswers) {
      it('says that Docker cannot be reached where there is none', () => toldWithoutDocker(agent));
      return;
    }
    before(() => (around.begin ?? (() => agent.begin()))());
    after(async () => {
      await agent.destroy();
      around.end?.();
    });
    tests();
  });
}

async function toldWithoutDocker(agent: AcceptanceAgent): Promise<void> {
  const { code } = await bootstrap(agent.arguments(), { timeoutMs: 5000 });
  const log = readFileSync(join(agent.root, 'agent.log'), 'utf8');
  rmSync(agent.root, { recursive: true });
  assert.notEqual(code, 0);
  assert.match(log, /Docker/);
}
