/** What an ended container leaves in its pod's status (runtime.go, pods_lifecycle_termination_test.go). */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { AcceptanceAgent } from './support/acceptance.ts';
import { statusOf } from './support/acceptance-status.ts';
import { describeOnEngine } from './support/acceptance-suite.ts';

const agent = new AcceptanceAgent();

describeOnEngine(agent, 'ended containers', cases);

function cases(): void {
  it('says 137 and Error of a container that was killed', async () => {
    const pod = agent.aPod('killed', { restartPolicy: 'Never' }).main('main');
    agent.put(pod);
    await agent.running('killed');
    await agent.kill('killed', 'main');
    const { state } = statusOf(await agent.phase('killed', 'Failed'), 'main');
    assert.equal(state.terminated?.exitCode, 137);
    assert.equal(state.terminated?.reason, 'Error');
  });

  for (const [what, steps, fields, message] of [
    ['the file', { script: 'echo -n DONE > /dev/termination-log', delay: 0 }, {}, 'DONE'],
    [
      'a path of its own, as a user who is not root',
      { script: 'echo -n DONE > /my/message', delay: 0, silent: true },
      { terminationMessagePath: '/my/message', securityContext: { runAsUser: 1000 } },
      'DONE',
    ],
    [
      'the log, when it fails and the file is empty',
      { script: 'echo -n FROM-LOG', delay: 0, exitCode: 1 },
      { terminationMessagePolicy: 'FallbackToLogsOnError' },
      'FROM-LOG',
    ],
    [
      'nowhere, when it succeeds and the file is empty',
      { script: 'echo -n FROM-LOG', delay: 0 },
      { terminationMessagePolicy: 'FallbackToLogsOnError' },
      undefined,
    ],
    [
      'the file rather than the log, when it succeeds',
      { script: 'echo -n FROM-LOG; echo -n OK > /dev/termination-log', delay: 0 },
      { terminationMessagePolicy: 'FallbackToLogsOnError' },
      'OK',
    ],
  ] as const) {
    it(`are explained by the termination message, which comes from ${what}`, async () => {
      const name = `message-${[...what].filter((letter) => /[a-z]/.test(letter)).join('')}`.slice(0, 50);
      agent.put(agent.aPod(name, { restartPolicy: 'Never' }).main('main', steps, fields));
      const seen = await agent.until(name, 'ended', (found) => statusOf(found, 'main').state.terminated !== undefined);
      assert.equal(statusOf(seen, 'main').state.terminated?.message, message);
    });
  }
}
