import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJsonOrYaml, parseYaml, pathText, toYaml } from '../../src/kube/yaml.ts';

const read = (text: string) => parseYaml(text, 'a.yaml').documents[0]?.value;

describe('reading YAML', () => {
  it('reads plain scalars as go-yaml does', () => {
    const cases: readonly [string, unknown][] = [
      ['yes', true],
      ['y', true],
      ['Off', false],
      ['n', false],
      ['true', true],
      ['~', null],
      ['', null],
      ['0777', 511],
      ['0o17', 15],
      ['0x1F', 31],
      ['0b101', 5],
      ['-12', -12],
      ['+3', 3],
      ['1_000', 1000],
      ['08', 8],
      ['1.5', 1.5],
      ['.5', 0.5],
      ['1e3', 1000],
      ['-.inf', -Infinity],
      ['12:30', '12:30'],
      ['2026-01-01', '2026-01-01'],
      ['"1"', '1'],
      ['v1.37.2', 'v1.37.2'],
      ['10.96.0.0/12', '10.96.0.0/12'],
      ['18446744073709551615', 18446744073709551615n],
    ];
    for (const [text, value] of cases) assert.deepEqual(read(`a: ${text}\n`), { a: value }, text);
    assert.ok(Number.isNaN((read('a: .nan\n') as { a: number }).a));
  });

  it('leaves out empty documents and keeps the others', () => {
    const { documents, findings } = parseYaml('# nothing\n---\na: 1\n---\n---\nnull\n---\nb: 2\n', 'a.yaml');
    assert.deepEqual(
      documents.map(({ value }) => value),
      [{ a: 1 }, { b: 2 }],
    );
    assert.deepEqual(findings, []);
  });

  it('reads JSON with tabs, and files with carriage returns or a byte order mark', () => {
    assert.deepEqual(read('{\n\t"a": [1,\n\t2]}'), { a: [1, 2] });
    assert.deepEqual(read('a: 1\r\nb:\r\n- x\r\n'), { a: 1, b: ['x'] });
    assert.deepEqual(read('\uFEFFa: 1\n'), { a: 1 });
  });

  it('merges maps that `<<` names', () => {
    assert.deepEqual(read('x: &x {a: 1, b: 2}\nz:\n  <<: *x\n  b: 3\n'), { x: { a: 1, b: 2 }, z: { a: 1, b: 3 } });
  });

  it('knows where keys and values are, and the nearest place of what is not written', () => {
    const [document] = parseYaml('a: 1\n---\nb:\n  c:\n  - d: x\n  empty:\n', 'a.yaml').documents.slice(1);
    assert.deepEqual(document?.position(['b', 'c', 0, 'd']), { line: 5, column: 8 });
    assert.deepEqual(document?.position(['b', 'c', 0, 'd'], 'key'), { line: 5, column: 5 });
    assert.deepEqual(document?.position(['b', 'c', 0, 'missing']), { line: 5, column: 5 });
    assert.deepEqual(document?.position(['b', 'c', 7]), { line: 5, column: 3 });
    assert.deepEqual(document?.position(['b', 'empty']), { line: 6, column: 9 });
    assert.deepEqual(document?.position([]), { line: 3, column: 1 });
  });

  it('finds duplicate keys at any depth with both lines, and does not stop there', () => {
    const { findings, documents } = parseYaml('a: 1\nb:\n- c: 1\n  c: 2\na: 2\n', 'a.yaml');
    assert.deepEqual(findings, [
      {
        severity: 'error',
        file: 'a.yaml',
        line: 4,
        column: 3,
        path: 'b[0].c',
        message: 'duplicate key, first given in line 3',
      },
      {
        severity: 'error',
        file: 'a.yaml',
        line: 5,
        column: 1,
        path: 'a',
        message: 'duplicate key, first given in line 1',
      },
    ]);
    assert.equal(documents.length, 1);
  });

  it('tells syntax errors with their place and reads the documents before them', () => {
    const { documents, findings } = parseYaml('a: 1\n---\nb: [1\nc: 2\n', 'a.yaml');
    assert.equal(documents.length, 1);
    assert.equal(findings.length, 1);
    assert.match(findings[0]?.message ?? '', /^not valid YAML: /);
    assert.equal(findings[0]?.file, 'a.yaml');
    assert.ok((findings[0]?.line ?? 0) >= 3);
  });

  it('refuses an alias to nothing, an avalanche of aliases and a tower of brackets', () => {
    const avalanche = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
    for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe'].map((pair) => [...pair])) {
      avalanche.push(`${name}: &${name} [${Array(10).fill(`*${of}`).join(',')}]`);
    }
    for (const text of ['a: *nothing\n', `${avalanche.join('\n')}\n`, '['.repeat(30_000), `${'{a: '.repeat(30_000)}`]) {
      const { documents, findings } = parseYaml(text, 'a.yaml');
      assert.deepEqual(documents, []);
      assert.match(findings[0]?.message ?? '', /^not valid YAML: /);
    }
  });

  it('reads one JSON or YAML value, and nothing from two', () => {
    assert.deepEqual(parseJsonOrYaml('{"a": 1}'), { a: 1 });
    assert.deepEqual(parseJsonOrYaml('{a: 1}'), { a: 1 });
    assert.deepEqual(parseJsonOrYaml('- 1\n'), [1]);
    assert.equal(parseJsonOrYaml('a: 1\n---\nb: 1\n'), undefined);
    assert.equal(parseJsonOrYaml('{'), undefined);
  });

  it('shows paths as messages do', () => {
    assert.equal(pathText(['apiServer', 'extraArgs', 0, 'name']), 'apiServer.extraArgs[0].name');
  });
});

describe('writing YAML', () => {
  it('keeps the order of keys, does not indent sequences and folds no line', () => {
    const long = `${'x'.repeat(200)} ${'y'.repeat(200)}`;
    assert.equal(
      toYaml({ b: [{ name: 'x', value: long }, 'z'], a: {}, c: [], d: null, e: 'one\ntwo\n' }),
      `b:\n- name: x\n  value: ${long}\n- z\na: {}\nc: []\nd: null\ne: |\n  one\n  two\n`,
    );
  });

  it('quotes strings that some parser would read as something else, and no others', () => {
    const quoted = [
      'yes',
      'n',
      'off',
      'true',
      'null',
      '~',
      '',
      '0777',
      '1_0',
      '1.5',
      '1e3',
      '12:30:45',
      '2026-01-01',
      '=',
      '<<',
    ];
    const plain = [
      'v1.37.2',
      '10.96.0.0/12',
      '--secure-port=6443',
      'a=b',
      "it's",
      '1.2.3',
      'https://192.0.2.1:6443',
      'no-such',
    ];
    for (const text of quoted) assert.equal(toYaml({ a: text }), `a: "${text}"\n`);
    for (const text of plain) assert.equal(toYaml({ a: text }), `a: ${text}\n`);
  });

  it('writes what it reads again as the same', () => {
    const texts = [
      '',
      ' x',
      'x ',
      '#a',
      'a #b',
      'a: b',
      '- a',
      '*x',
      '&x',
      '!x',
      '@x',
      '`x',
      '%x',
      '[',
      '{',
      '|',
      '>',
      "'",
      '"',
      '\t',
      'a\tb',
      'a\u0001b',
      '\u0085',
      'ü',
      '😀',
      'a\nb',
      'a\n\n',
      '\n',
      '---',
      '...',
      '? a',
      ',',
      'y',
      '0x1',
      '08',
      '.5',
      '+1',
      '-',
      '-1',
    ];
    const value = {
      texts,
      keys: Object.fromEntries(texts.map((text) => [text, text])),
      numbers: [0, -1, 1.5, 1e21],
      flags: [true, false, null],
    };
    assert.deepEqual(read(toYaml(value)), value);
  });
});
