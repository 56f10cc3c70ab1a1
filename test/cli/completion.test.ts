import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../src/cli/completion.ts';
import { aCliContext, plainText } from '../fakes/cli-context.ts';
import { aHost } from '../fakes/init-context.ts';
import { MemoryHost } from '../fakes/memory-host.ts';

async function script(shell: string): Promise<string> {
  const context = aCliContext();
  await run(context, { options: {}, arguments: [shell], common: plainText });
  return context.out();
}

/** What bash offers for a command line whose last word is being typed. */
async function offers(line: string): Promise<readonly string[]> {
  const words = line.split(' ');
  const asked = `${await script('bash')}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; COMPREPLY=()
_bootstrap; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', asked], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout.split('\n').filter((word) => word !== '');
}

test('bash offers commands, subcommands, options and values', async () => {
  assert.ok((await offers('bootstrap in')).includes('init'));
  assert.deepEqual(await offers('bootstrap init phase control-plane sch'), ['scheduler']);
  assert.deepEqual(await offers('bootstrap init --runtime d'), ['docker']);
  assert.deepEqual(await offers('bootstrap completion z'), ['zsh']);
  assert.deepEqual(await offers('bootstrap status --wa'), ['--watch']);
});

test('bash asks for the names of pods, in the root directory that stands on the line', async () => {
  const program = join(mkdtempSync(join(tmpdir(), 'completion-')), 'bootstrap');
  writeFileSync(program, '#!/bin/sh\necho "web etcd $*" | tr " " "\\n"\n', { mode: 0o755 });
  const offered = await offers(`${program} logs --root-dir /r e`);
  assert.ok(offered.includes('etcd'));
  assert.ok((await offers(`${program} logs --root-dir /r /`)).includes('/r'));
  rmSync(dirname(program), { recursive: true });
});

test('the numbers of revisions are offered where one is wanted', async () => {
  const context = aCliContext({ host: aHost(new MemoryHost({ '/var/lib/bootstrap/revisions/12/revision.json': '' })) });
  await run(context, { options: {}, arguments: ['revisions'], common: plainText });
  assert.equal(context.out(), '12\n');
  assert.match(await script('bash'), /"diff"\) words=.*completion revisions/);
});

test('hidden options and commands that do not work yet are not offered', async () => {
  const all = await script('bash');
  assert.doesNotMatch(all, /--log-file/);
  assert.doesNotMatch(all, /\brotate-ca\b/);
  assert.doesNotMatch(all, /"connect"/);
});

test('zsh and fish scripts know the same commands', async () => {
  for (const shell of ['zsh', 'fish']) assert.match(await script(shell), /wait-control-plane/);
});

test('another shell is wrong usage', async () => {
  await assert.rejects(script('tcsh'), /no completion for "tcsh"/);
});
