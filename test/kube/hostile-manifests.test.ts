import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorsOf, renderFinding } from '../../src/base/diagnostics.ts';
import { decodePod } from '../../src/kube/pod.ts';

const head = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n';
const spec = 'spec: {containers: [{name: a, image: "b:1"}]}\n';
const letters = [...'bcdefghijk'];
const before = (letter: string) => String.fromCharCode(letter.charCodeAt(0) - 1);
const laughs = (line: (letter: string) => string) => `a: &a [x, x]\n${letters.map(line).join('')}${head}${spec}`;

const refused: readonly (readonly [string, string, RegExp])[] = [
  [
    'aliases that grow to billions',
    laughs(
      (letter) =>
        `${letter}: &${letter} [${Array(9)
          .fill(`*${before(letter)}`)
          .join(', ')}]\n`,
    ),
    /Excessive alias count/,
  ],
  ['an alias inside of its own anchor', `a: &a [*a]\n${head}${spec}`, /inside of what it stands for/],
  ['an alias to nothing', `a: *nothing\n${head}${spec}`, /alias/i],
  ['lists nested a hundred thousand times', '['.repeat(100_000), /nested too deeply/],
  ['JSON nested fifty thousand times', `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`, /nested too deeply/],
  [
    'blocks nested three thousand times',
    Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
    /deeply/,
  ],
  ['a key given twice', `${head}${spec}${spec}`, /pod\.yaml:5:1: error: spec: duplicate key, first given in line 4/],
  ['a key given twice in JSON', '{"kind":"Pod","kind":"Pod"}', /kind: duplicate key/],
  ['a tab as indentation', `${head}spec:\n\tcontainers: []\n`, /pod\.yaml:5:1: error: not valid YAML: Tabs/],
  [
    'a NUL byte, even in a comment',
    `# \u0000\n${head}${spec}`,
    /pod\.yaml:1:3: error: not valid YAML: control character 0x00/,
  ],
  ['nothing but comments', '# nothing\n---\n# here\n', /pod\.yaml:1:1: error: no static pod: the file holds nothing/],
  ['a second document', `${head}${spec}---\nkind: Service\n`, /holds 2 documents \(Pod, Service\)/],
  ['fifty thousand documents', '---\na: 1\n'.repeat(50_000), /50000 documents \(no kind(, no kind){4}, …\)/],
];

const accepted: readonly (readonly [string, string])[] = [
  ['a byte order mark', `\ufeff${head}${spec}`],
  ['lines that end as on Windows', `${head}${spec}`.replaceAll('\n', '\r\n')],
  ['leading and trailing separators and empty documents', `---\n# x\n---\n${head}${spec}---\n# nothing\n`],
  ['no newline at the end', `${head}${spec}`.trimEnd()],
  ['aliases and merged maps', `x: &x {name: a, image: "b:1"}\n${head}spec: {containers: [{<<: *x, tty: true}]}\n`],
  ['nine megabytes of comment', `${head}# ${'x'.repeat(9_000_000)}\n${spec}`],
];

describe('a hostile manifest', () => {
  for (const [what, text, reason] of refused) {
    test(`with ${what} is refused with its place, soon`, () => {
      const beganMs = performance.now();
      const { pod, findings } = decodePod(text, 'pod.yaml');
      assert.equal(pod, undefined);
      assert.match(errorsOf(findings).map(renderFinding).join('\n'), reason);
      assert.notEqual(errorsOf(findings)[0]?.line, undefined);
      // Milliseconds to two seconds on an idle machine; minutes would be a hang.
      assert.ok(performance.now() - beganMs < 30_000);
    });
  }
});

describe('a manifest in an unusual form', () => {
  for (const [what, text] of accepted) {
    test(`with ${what} is read`, () => {
      const { pod, findings } = decodePod(text, 'pod.yaml');
      assert.equal(pod?.spec.containers[0]?.image, 'b:1', findings.map(renderFinding).join('\n'));
    });
  }
});
