import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { helperScript, type Launch, privilegeWords, quote } from '../../../src/runtime/process/launch.ts';

const tools = { sh: '/bin/sh', mv: '/bin/mv', setsid: '/bin/setsid', env: '/bin/env', setpriv: '/bin/setpriv' };
const security = { noNewPrivileges: false, addCapabilities: [], dropCapabilities: [] };
const launch: Launch = {
  title: 'container app',
  exitFile: '/c/exits/id',
  program: { rootfs: '/store', inside: '/bin/app' },
  args: ['--flag=1', 'two words'],
  env: new Map([['A', "it's"]]),
  workingDir: '/',
  oomScoreAdj: -997,
  runAs: undefined,
  security,
};
const lineWith = (script: string, part: string) =>
  script
    .split('\n')
    .find((line) => line.includes(part))
    ?.trim();

test('any text survives the shell as one word', () => {
  const texts = ['', 'a b', "it's", '$HOME `x` "q" \\', 'new\nline', '*', 'ünï', '-n', '~'];
  const script = `printf '%s\\0' ${texts.map(quote).join(' ')}`;
  assert.deepEqual(execFileSync('sh', ['-c', script]).toString().split('\0').slice(0, -1), texts);
  assert.throws(() => quote('a\0b'), /zero byte/);
});

test('the script is one that the shell understands, whatever the title holds', () => {
  const script = helperScript({ ...launch, title: 'x\nrm -rf /' }, tools);
  execFileSync('sh', ['-n'], { input: script });
  assert.equal(script.split('\n')[0], '# x rm -rf /');
});

test('starts the program in a session of its own, without setpriv where nothing changes', () => {
  const line = lineWith(helperScript(launch, tools), 'exec /bin/setsid');
  assert.equal(line, "exec /bin/setsid /store/bin/app --flag=1 'two words'");
});

test("keeps the shell's own variables and odd names away from the shell", () => {
  const env = new Map([
    ['A', '1'],
    ['my.var', '2'],
    ['IFS', '3'],
    ['LD_PRELOAD', '/x.so'],
  ]);
  const script = helperScript({ ...launch, env }, tools);
  assert.ok(lineWith(script, 'export A=1'));
  assert.equal(lineWith(script, 'export IFS'), undefined);
  assert.match(lineWith(script, '/bin/env') ?? '', /setsid \/bin\/env my.var=2 IFS=3 LD_PRELOAD=\/x.so \/store/);
});

test('opens the image before another user could no longer reach it, and keeps the program its name', () => {
  const script = helperScript({ ...launch, runAs: { uid: 65534, gid: 0, groups: [] } }, tools);
  assert.ok(lineWith(script, 'exec 9</store'));
  assert.match(
    lineWith(script, 'setpriv') ?? '',
    /--reuid=65534 --regid=0 --clear-groups \/proc\/self\/fd\/9\/bin\/app /,
  );
});

for (const [what, change, words] of [
  ['groups', { runAs: { uid: 1, gid: 2, groups: [3, 4] } }, ['--reuid=1', '--regid=2', '--groups=3,4']],
  ['no new privileges', { security: { ...security, noNewPrivileges: true } }, ['--no-new-privs']],
  [
    'dropped capabilities',
    { security: { ...security, dropCapabilities: ['NET_RAW', 'CAP_CHOWN'] } },
    ['--inh-caps=-net_raw,-chown', '--bounding-set=-net_raw,-chown'],
  ],
  [
    'all dropped but one',
    { security: { ...security, dropCapabilities: ['ALL'], addCapabilities: ['NET_BIND_SERVICE'] } },
    ['--inh-caps=-all,+net_bind_service', '--bounding-set=-all,+net_bind_service'],
  ],
] as const) {
  test(`applies ${what} by setpriv`, () => {
    assert.deepEqual(privilegeWords({ ...launch, ...change }, '/bin/setpriv'), ['/bin/setpriv', ...words]);
  });
}

test('says that setpriv is missing only where it is needed', () => {
  assert.deepEqual(privilegeWords(launch, undefined), []);
  assert.throws(() => privilegeWords({ ...launch, runAs: { uid: 1, gid: 1, groups: [] } }, undefined), /no setpriv/);
});
