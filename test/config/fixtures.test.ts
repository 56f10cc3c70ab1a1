import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { renderFinding } from '../../src/base/diagnostics.ts';
import { UsageError } from '../../src/base/errors.ts';
import { checkConfig, loadConfig } from '../../src/config/load.ts';
import { renderConfig } from '../../src/config/print.ts';
import type { Config } from '../../src/config/types.ts';
import { address, type ConfigMachine, configHost } from '../fakes/config-host.ts';

const directory = join(import.meta.dirname, '../fixtures/config');
const fixtures = readdirSync(directory).map((name) => ({ name, text: readFileSync(join(directory, name), 'utf8') }));
const valid = fixtures.filter(({ name }) => name.startsWith('valid-'));
const invalid = fixtures.filter(({ name }) => name.startsWith('invalid-'));

const machine: ConfigMachine = {
  addresses: [address('eth0', '192.0.2.10'), address('eth0', 'fd00::10')],
  files: { '/etc/patches': undefined },
};

const inputOf = (text: string, file = 'config.yaml') => ({
  host: configHost({ ...machine, files: { ...machine.files, [file]: text } }),
  file,
  flags: {},
  rootDir: '/',
});

/** The places that a fixture marks: `#! COLUMN TEXT` on the line where a finding with that text is. */
function expected(text: string): { line: number; column: number; text: string }[] {
  return text.split('\n').flatMap((line, index) => {
    const mark = /#! (\d+) (.*)$/.exec(line);
    return mark === null ? [] : [{ line: index + 1, column: Number(mark[1]), text: mark[2] ?? '' }];
  });
}

describe('invalid configuration files', () => {
  for (const { name, text } of invalid.filter((fixture) => fixture.text.includes('#!'))) {
    it(`give every finding at once, at its place: ${name}`, async () => {
      const { findings } = await checkConfig(inputOf(text, name));
      const found = findings.map(renderFinding);
      for (const mark of expected(text)) {
        const there = findings.filter(({ line, column }) => line === mark.line && column === mark.column);
        const said = there.map((finding) => renderFinding(finding)).join('\n');
        assert.ok(
          said.includes(mark.text),
          `${mark.line}:${mark.column}: ${mark.text}\nbut found:\n${found.join('\n')}`,
        );
      }
      assert.equal(findings.length, expected(text).length, found.join('\n'));
      assert.ok(findings.every(({ file }) => file === name));
    });
  }

  it('with ten mistakes give ten errors, in the order of the file, and throw once', async () => {
    const text = readFileSync(join(directory, 'invalid-ten-mistakes.yaml'), 'utf8');
    const thrown = await loadConfig(inputOf(text)).catch((error: unknown) => error);
    assert.ok(thrown instanceof UsageError);
    assert.equal(thrown.findings.length, 10);
    assert.equal(thrown.message, 'the configuration has 10 errors');
    assert.equal(thrown.exitCode, 3);
    const lines = thrown.findings.map(({ line }) => line ?? 0);
    assert.deepEqual(
      lines,
      lines.toSorted((a, b) => a - b),
    );
  });

  it('without a document for us say so', async () => {
    for (const text of [readFileSync(join(directory, 'invalid-nothing.yaml'), 'utf8'), '', '# nothing\n', '---\n']) {
      const { findings } = await checkConfig(inputOf(text));
      assert.equal(findings.length, 1);
      assert.match(
        findings[0]?.message ?? '',
        /^has no InitConfiguration, ClusterConfiguration or BootstrapConfiguration/,
      );
    }
  });

  it('that are not there or cannot be read say so', async () => {
    const absent = await loadConfig({ host: configHost(), file: 'no.yaml', flags: {}, rootDir: '/' }).catch(
      (error) => error,
    );
    assert.ok(absent instanceof UsageError);
    assert.equal(renderFinding(absent.findings[0] ?? assert.fail()), 'no.yaml: error: there is no such file');
    const host = {
      ...configHost(),
      readText: async () => {
        throw new Error('EACCES: permission denied');
      },
    };
    const unreadable = await loadConfig({ host, file: 'no.yaml', flags: {}, rootDir: '/' }).catch((error) => error);
    assert.ok(unreadable instanceof UsageError);
    assert.match(unreadable.findings[0]?.message ?? '', /^cannot be read: EACCES/);
  });
});

describe('valid configuration files', () => {
  for (const { name, text } of valid) {
    it(`come back the same from what is printed of them: ${name}`, async () => {
      const config = await loadConfig(inputOf(text));
      const printed = renderConfig(config, { secrets: true });
      assert.deepEqual(whatItSays(await loadConfig(inputOf(printed))), whatItSays(config));
      assert.equal(renderConfig(await loadConfig(inputOf(printed)), { secrets: true }), printed);
    });

    it(`never end in a bug when they are cut off anywhere: ${name}`, async () => {
      for (let end = 0; end < text.length; end += Math.max(1, Math.floor(text.length / 150))) {
        await loadConfig(inputOf(text.slice(0, end))).catch((error: unknown) =>
          assert.ok(error instanceof UsageError, String(error)),
        );
      }
    });
  }

  it('never end in a bug when bytes of them are exchanged', async () => {
    const text = valid.find(({ name }) => name === 'valid-full.yaml')?.text ?? '';
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      return seed % below;
    };
    const pieces = [
      '{',
      '[',
      ': ',
      '\n',
      '- ',
      '"',
      "'",
      '&a ',
      '*a ',
      '!!x ',
      '|',
      '\t',
      '0',
      ',',
      '<<: ',
      '#',
      '---\n',
      '\u0000',
      'null',
      '1e999',
    ];
    for (let round = 0; round < 150; round++) {
      const at = random(text.length);
      const changed = text.slice(0, at) + pieces[random(pieces.length)] + text.slice(at + random(4));
      await loadConfig(inputOf(changed)).catch((error: unknown) =>
        assert.ok(error instanceof UsageError, String(error)),
      );
    }
  });
});

/** Without the warnings, and without what tells a token that was printed from one that was drawn by lot. */
function whatItSays(config: Config): Config {
  const bootstrapTokens = config.init.bootstrapTokens.map(({ generated: _generated, ...token }) => token);
  return { ...config, init: { ...config.init, bootstrapTokens }, warnings: [] };
}
