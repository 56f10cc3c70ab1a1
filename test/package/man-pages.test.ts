import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { manPages } from '../../scripts/package/man-pages.ts';
import { escaped, filled, optionForm } from '../../scripts/package/roff.ts';
import type { CliCommand } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands.ts';

const release = { version: '1.2.3', epochSeconds: Date.parse('2026-01-31T10:00:00Z') / 1000 };
const pageOf = (name: string, rows: readonly CliCommand[] = commands) =>
  manPages(release, rows).find((page) => page.name === name)?.text ?? '';

describe('man pages', () => {
  test('are one for the program and one for each command that is shown', () => {
    const shown = commands.filter(({ hidden }) => hidden !== true).map(({ name }) => `bootstrap-${name}.1`);
    assert.deepEqual(
      manPages(release).map(({ name }) => name),
      ['bootstrap.1', ...shown],
    );
  });

  test('of the program names every one of them, and every exit code', () => {
    const text = pageOf('bootstrap.1');
    assert.match(text, /^\.TH BOOTSTRAP 1 2026-01-31 "kube-bootstrap 1\.2\.3" "kube-bootstrap"\n/);
    for (const { name, hidden } of commands) {
      assert.equal(text.includes(`\\fBbootstrap\\-${escaped(name)}\\fR(1)`), hidden !== true, name);
    }
    for (const code of [0, 1, 2, 3, 4, 5, 10, 70, 130]) assert.ok(text.includes(`.TP\n\\fB${code}\\fR\n`), `${code}`);
  });

  test('have every flag of the command, values and default included', () => {
    for (const command of commands.filter(({ hidden }) => hidden !== true)) {
      const text = pageOf(`bootstrap-${command.name}.1`);
      for (const { flags, hidden } of command.options ?? []) {
        assert.equal(text.includes(`.TP\n${optionForm(flags)}\n`), hidden !== true, flags);
      }
    }
    const init = pageOf('bootstrap-init.1').replaceAll('\n', ' ');
    assert.ok(init.includes('else child processes (one of auto, docker, cri, process)'));
    assert.ok(init.includes('put every path below this directory (default /)'));
  });

  test('explain an option once, and name the lists of several subcommands once', () => {
    const options = [{ flags: '--ca <file>', summary: 'authority' }];
    const leaf = (name: string): CliCommand => ({ name, summary: name, examples: [`bootstrap keys ${name}`], options });
    const text = pageOf('bootstrap-keys.1', [
      { name: 'keys', summary: 'keys', examples: [], commands: [leaf('list'), leaf('make'), leaf('drop')] },
    ]);
    assert.equal(text.split('authority').length, 2);
    assert.match(text, /Takes, as above: \\fB\\-\\-ca\\fR\./);
    assert.match(text, /Takes the options of \\fBbootstrap keys make\\fR\./);
  });

  test('are ASCII, and have no line that roff would take for a request of its own', () => {
    for (const { name, text } of manPages(release)) {
      assert.doesNotMatch(text, /[^\n -~]/, name);
      const requests = text.split('\n').filter((line) => /^[.']/.test(line));
      assert.deepEqual(
        requests.filter((line) => !/^\.(TH|SH|SS|TP|PP|RS|RE|EX|EE|nh|ad)( |$)/.test(line)),
        [],
        name,
      );
    }
  });
});

describe('text in roff', () => {
  test('is printed as it is written', () => {
    assert.equal(escaped('~/a-b \\n "it\'s" `x` ^…'), '\\(ti/a\\-b \\en \\(dqit\\(aqs\\(dq \\(gax\\(ga \\(ha\\[u2026]');
  });

  test('that begins with a dot stays text', () => {
    assert.equal(filled('. <(bootstrap completion bash)'), '\\&. <(bootstrap completion bash)');
  });

  test('is broken at spaces', () => {
    const lines = filled('word '.repeat(40)).split('\n');
    assert.ok(lines.every((line) => line.length <= 78 && line.startsWith('word') && line.endsWith('word')));
  });

  test('shows the value of an option in italics', () => {
    assert.equal(optionForm('-f, --file <path>'), '\\fB\\-f\\fR, \\fB\\-\\-file\\fR \\fIpath\\fR');
    assert.equal(optionForm('--rotate [bool]'), '\\fB\\-\\-rotate\\fR [\\fIbool\\fR]');
  });
});
