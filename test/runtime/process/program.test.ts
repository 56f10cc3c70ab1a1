import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nodeHost } from '../../../src/host/node-host.ts';
import { findImageProgram, planEnvironment, planLookups, planWords } from '../../../src/runtime/process/program.ts';
import { temporaryDirectory } from '../../fakes/images.ts';

const entry = ['/entry'];
const cmd = ['cmd'];

// kubernetes.io: "Define a Command and Arguments for a Container", the table at its end.
for (const [command, args, words] of [
  [[], [], ['/entry', 'cmd']],
  [['do'], [], ['do']],
  [[], ['x'], ['/entry', 'x']],
  [['do'], ['x'], ['do', 'x']],
] as const) {
  test(`command [${command}] and args [${args}] over an image make ${words.join(' ')}`, () => {
    assert.deepEqual(planWords({ entrypoint: entry, cmd }, { command, args }), words);
  });
}

test('the pod wins over the image, the image over what every container gets', () => {
  const env = planEnvironment(
    { env: ['PATH=/image', 'A=1', 'B=x=y', 'broken'] },
    { env: [{ name: 'A', value: '2' }], hostname: 'node1' },
  );
  assert.deepEqual(Object.fromEntries(env), { PATH: '/image', HOSTNAME: 'node1', A: '2', B: 'x=y' });
});

test('looks a bare word up in PATH and takes a path as it is', () => {
  const env = new Map([['PATH', '/a:/b/:relative:']]);
  assert.deepEqual(planLookups('x', env), ['/a/x', '/b/x']);
  assert.deepEqual(planLookups('/opt/x', env), ['/opt/x']);
  assert.deepEqual(planLookups('./x', env), ['/x']);
});

function anImage(context: TestContext) {
  const rootfs = join(temporaryDirectory(context), 'rootfs');
  mkdirSync(join(rootfs, 'bin'), { recursive: true });
  writeFileSync(join(rootfs, 'bin/tool'), '');
  chmodSync(join(rootfs, 'bin/tool'), 0o555);
  writeFileSync(join(rootfs, 'bin/data'), '');
  chmodSync(join(rootfs, 'bin/data'), 0o444);
  symlinkSync('tool', join(rootfs, 'bin/applet'));
  symlinkSync('../../../../../../../../bin/sh', join(rootfs, 'bin/escape'));
  const find = (word: string | undefined) =>
    findImageProgram(nodeHost, { rootfs, name: 'example.org/x:1' }, word, new Map([['PATH', '/sbin:/bin']]));
  return { rootfs, find };
}

test('finds a program of the image, by its own name when that is a link', async (context) => {
  const { rootfs, find } = anImage(context);
  assert.deepEqual(await find('tool'), { rootfs, inside: '/bin/tool' });
  assert.deepEqual(await find('/bin/applet'), { rootfs, inside: '/bin/applet' });
});

test('never takes a program from outside the image', async (context) => {
  const { find } = anImage(context);
  for (const word of ['escape', '/bin/escape', '/bin/sh', '../../bin/sh', 'sh']) {
    await assert.rejects(find(word), /has no program/);
  }
});

test('says where it looked', async (context) => {
  const { find } = anImage(context);
  await assert.rejects(
    find('absent'),
    /example.org\/x:1 has no program absent \(looked for \/sbin\/absent, \/bin\/absent\)/,
  );
  await assert.rejects(find('data'), /has no program data/);
  await assert.rejects(find('/bin'), /has no program/);
  await assert.rejects(find(undefined), /has no command/);
});
