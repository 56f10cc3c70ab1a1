import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { AcceptanceAgent } from './acceptance.ts';
import { bootstrap } from './command.ts';
import { engineAnswers, engineUnderTest } from './engine.ts';

const answers = await engineAnswers();

/** Tests of one agent at the same time, where the engine under test answers; else what a user is told. */
export function describeOnEngine(
  agent: AcceptanceAgent,
  what: string,
  tests: () => void,
  around: { readonly begin?: () => Promise<void>; readonly end?: () => void } = {},
): void {
  describe(what, { concurrency: 8 }, () => {
    if (!answers) {
      it('says that the engine cannot be reached where there is none', () => toldWithout(agent));
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

async function toldWithout(agent: AcceptanceAgent): Promise<void> {
  const { code } = await bootstrap(agent.arguments(), { timeoutMs: 5000 });
  const log = readFileSync(join(agent.root, 'agent.log'), 'utf8');
  rmSync(agent.root, { recursive: true });
  assert.notEqual(code, 0);
  assert.match(log, engineUnderTest === 'docker' ? /Docker/ : /containerd\.sock/);
}
