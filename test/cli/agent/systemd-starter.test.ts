import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { agentDoor } from '../../../src/cli/agent/agent-door.ts';
import { agentStarter } from '../../../src/cli/agent/agent-starter.ts';
import { isOwnUnit, ownUnit, planUnit, systemdUnit, unitPath } from '../../../src/cli/agent/systemd-unit.ts';
import { pathsOf } from '../../../src/config/paths.ts';
import type { Host } from '../../../src/host/host.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { aHost } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const template = new URL('../../../templates/systemd/bootstrap-agent.service', import.meta.url).pathname;
const command = ['/usr/bin/bootstrap', 'agent', '--config', '/var/lib/bootstrap/agent.yaml', '--root-dir', '/'];
const packaged = '/lib/systemd/system/bootstrap-agent.service';

/** A machine that systemd runs, with what it is told by systemctl. */
function machine(files: Readonly<Record<string, string>> = {}, change: Partial<Host> = {}) {
  const memory = new MemoryHost({
    [template]: readFileSync(template, 'utf8'),
    '/run/systemd/system/x': '',
    '/etc/systemd/system/x': '',
    ...files,
  });
  const told: string[] = [];
  const host = aHost(memory, {
    selfCommand: () => ['/usr/bin/bootstrap'],
    findProgram: async (name) => `/usr/bin/${name}`,
    run: async (program, args) => {
      told.push([program.replace('/usr/bin/', ''), ...args].join(' '));
      return { code: 0, stdout: program.endsWith('journalctl') ? 'one\ntwo\n' : '', stderr: '' };
    },
    ...change,
  });
  return { memory, host, told, starter: () => agentStarter(host, pathsOf('/')) };
}

test('where systemd runs, the agent is a unit: written, enabled, and started without waiting', async () => {
  const { memory, told, starter } = machine();
  assert.equal(await (await starter()).start(), 'systemd unit bootstrap-agent.service');
  const unit = memory.text(unitPath) ?? '';
  assert.ok(isOwnUnit(unit));
  assert.match(unit, /^ExecStart=\/usr\/bin\/bootstrap agent --config \S+ --root-dir \/ \$BOOTSTRAP_AGENT_ARGS$/m);
  const start = ['systemctl enable bootstrap-agent.service', 'systemctl restart --no-block bootstrap-agent.service'];
  assert.deepEqual(told, ['systemctl daemon-reload', ...start]);
  // The second time nothing is to be read again.
  await (await starter()).start();
  assert.deepEqual(told.slice(3), start);
});

test('a package’s unit for this very program is used as it is, and one of ours makes way for it', async () => {
  const { host } = machine();
  const unit = await systemdUnit(host, command);
  const first = machine({ [packaged]: unit });
  assert.equal(await (await first.starter()).start(), 'systemd unit the package’s bootstrap-agent.service');
  assert.equal(first.memory.text(unitPath), undefined);
  assert.ok(!first.told.includes('systemctl daemon-reload'));
  const second = machine({ [packaged]: unit, [unitPath]: ownUnit(unit) });
  await (await second.starter()).start();
  assert.equal(second.memory.text(unitPath), undefined);
  assert.equal(second.told[0], 'systemctl daemon-reload');
});

test('another program’s unit of a package is overruled, an administrator’s never touched', async () => {
  const { host } = machine();
  const unit = await systemdUnit(host, command);
  const other = await systemdUnit(host, ['/usr/local/bin/bootstrap', ...command.slice(1)]);
  assert.equal(planUnit(unit, { present: undefined, packaged: other }).do, 'write');
  assert.equal(planUnit(unit, { present: ownUnit(other), packaged: undefined }).do, 'write');
  assert.equal(planUnit(unit, { present: ownUnit(unit), packaged: other }).do, 'keep');
  assert.equal(planUnit(unit, { present: `${unit}Nice=-5\n`, packaged: unit }).do, 'keep');
});

test('the words of the command stay words of the unit, whatever is in them', async () => {
  const { host } = machine();
  const unit = await systemdUnit(host, ['/opt/a b/bootstrap', '$x', '100%', 'say "hi"']);
  assert.match(unit, /^ExecStart="\/opt\/a b\/bootstrap" \$\$x 100%% "say \\"hi\\"" \$BOOTSTRAP_AGENT_ARGS$/m);
});

test('a masked unit is not unmasked, but named', async () => {
  const { host, starter } = machine();
  await host.makeSymlink('/dev/null', unitPath);
  await assert.rejects((await starter()).start(), { message: /is masked/, hint: /systemctl unmask/ });
});

test('to stop it is not to disable it: whoever is killed before the next start finds it back after a boot', async () => {
  const { told, starter, host } = machine({ [unitPath]: ownUnit('') });
  const door = agentDoor({ host, clock: new FakeClock(), paths: pathsOf('/'), starter: await starter() });
  assert.equal(await door.stop(), false);
  assert.deepEqual(told, ['systemctl stop bootstrap-agent.service']);
});

test('reset disables it, and removes only what init wrote', async () => {
  const own = machine({ [unitPath]: ownUnit('') });
  assert.deepEqual(await (await own.starter()).retire(), ['bootstrap-agent.service disabled and removed']);
  assert.deepEqual(own.told, ['systemctl disable --now bootstrap-agent.service', 'systemctl daemon-reload']);
  assert.equal(own.memory.text(unitPath), undefined);
  const theirs = machine({ [packaged]: '' });
  assert.deepEqual(await (await theirs.starter()).retire(), ['bootstrap-agent.service disabled']);
  assert.equal(theirs.memory.text(packaged), '');
  assert.deepEqual(await (await machine().starter()).retire(), []);
});

test('what systemctl refuses is an error with its words; the last words of the agent are in the journal', async () => {
  const run: Host['run'] = async () => ({ code: 1, stdout: '', stderr: 'Access denied\n' });
  await assert.rejects((await machine({}, { run }).starter()).start(), {
    message: 'systemctl daemon-reload: Access denied',
  });
  const words = await (await machine().starter()).lastWords(2);
  assert.deepEqual(words, { where: 'journalctl -u bootstrap-agent.service', lines: ['one', 'two'] });
});

test('without systemd, below another root directory or for another user it is a process of its own', async () => {
  const { host } = machine();
  const noSystemd = aHost(new MemoryHost({ '/var/lib/bootstrap/agent.log': 'first\nDocker is gone\n' }));
  const detached = await agentStarter(noSystemd, pathsOf('/'));
  assert.equal(await detached.start(), 'pid 4711');
  assert.deepEqual((await detached.lastWords(1)).lines, ['Docker is gone']);
  assert.equal(await (await agentStarter(host, pathsOf('/srv/plane'))).start(), 'pid 4711');
  assert.equal(await (await agentStarter({ ...host, uid: 1000 }, pathsOf('/'))).start(), 'pid 4711');
});
