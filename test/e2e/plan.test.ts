import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { RolloutPlan } from '../../src/rollout/types.ts';
import { eventually, expectCode } from './support/command.ts';
import { runtimes } from './support/engine.ts';
import { containerIds, Plane } from './support/plane.ts';

const apiServerArgs = (...args: readonly string[]) =>
  `apiServer:\n  extraArgs:\n${args.map((arg) => `  - ${arg}\n`).join('')}`;

for (const runtime of runtimes(['process'])) {
  describe(`plan on ${runtime}`, () => {
    test('tells what a living control plane would go through, and touches nothing', { timeout: 240_000 }, async (t) => {
      const plane = new Plane(runtime);
      t.after(() => plane.destroy());
      expectCode(await plane.init(), 0);
      const before = containerIds(await plane.status());
      const usual = readFileSync(plane.config, 'utf8');
      const plan = (args: readonly string[] = ['--config', plane.config]) => plane.bootstrap(['plan', ...args]);
      const document = async (args?: readonly string[]) =>
        JSON.parse(
          expectCode(await plan([...(args ?? ['--config', plane.config]), '-o', 'json']), 10).stdout,
        ) as RolloutPlan;

      await t.test('nothing to do right after init, from the file and from the stored configuration', async () => {
        for (const args of [['--config', plane.config], []]) {
          const ran = expectCode(await plan(args), 0);
          assert.equal(ran.stdout, 'nothing to do: the control plane is as the configuration says (revision 1)\n');
        }
      });

      await t.test('a changed flag is shown alone, with the component that restarts', async () => {
        plane.writeConfig({ cluster: apiServerArgs('{name: v, value: "4"}') });
        const { stdout } = expectCode(await plan(), 10);
        assert.match(
          stdout,
          /^kube-apiserver {2}restarts, because 1 flag changes\n {2}\+ --v {2}4\n {2}expected API gap: /,
        );
        assert.match(stdout, /\nkube-apiserver restarts\nnext: bootstrap apply --config /);
        const { components } = await document();
        assert.deepEqual(
          components.flatMap(({ changes }) => changes.map(({ what, name, to }) => [what, name, to])),
          [['flag', '--v', '4']],
        );
      });

      await t.test('a name more in the certificate restarts nothing', async () => {
        plane.writeConfig({ cluster: 'apiServer:\n  certSANs: [api.example.org]\n' });
        const { components } = await document();
        const [change, ...others] = components.flatMap(({ changes }) => changes);
        assert.deepEqual([change?.name, others.length], ['apiserver.crt', 0]);
        assert.match(change?.because ?? '', /it is not valid for api\.example\.org/);
        assert.ok(components.every(({ restart }) => !restart));
      });

      await t.test('what cannot be changed is named with its reason', async () => {
        plane.writeConfig({ cluster: 'networking:\n  serviceSubnet: 10.96.0.0/16\n' });
        const { blocked } = await document();
        assert.deepEqual(
          blocked.map(({ field, from, to }) => [field, from, to]),
          [['networking.serviceSubnet', '10.96.0.0/12', '10.96.0.0/16']],
        );
      });

      await t.test('a mistake in the configuration is exit code 3', async () => {
        plane.writeConfig({ cluster: 'clusterNam: x\n' });
        assert.match(expectCode(await plan(), 3).stderr, /clusterNam/);
        writeFileSync(plane.config, usual);
      });

      await t.test('without an agent the files are compared', async () => {
        const pid = plane.agentPid();
        process.kill(pid, 'SIGTERM');
        await eventually('the agent ends', () => !isAlive(pid));
        assert.match(expectCode(await plan([]), 0).stdout, /note: no agent answers/);
        expectCode(await plane.init(), 0);
      });

      await t.test('no container was touched by any of it', async () => {
        assert.deepEqual(containerIds(await plane.status()), before);
      });

      await t.test('a hand edit is called one, and a deleted manifest too', async () => {
        const file = plane.manifest('kube-scheduler');
        const text = readFileSync(file, 'utf8');
        writeFileSync(file, text.replace('--leader-elect=true', '--leader-elect=false'));
        const { components } = await document([]);
        const changes = components.flatMap((item) => item.changes);
        assert.deepEqual(
          changes.map(({ name, from, to, cause }) => [name, from, to, cause]),
          [['--leader-elect', 'false', 'true', 'hand edit']],
        );
        rmSync(file);
        const gone = (await document([])).components.flatMap((item) => item.changes);
        assert.ok(gone.some(({ cause }) => cause === 'file deleted'));
      });
    });
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
