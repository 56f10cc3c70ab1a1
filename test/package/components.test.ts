import assert from 'node:assert/strict';
import { test } from 'node:test';
import { billOfMaterials, componentsOf, licencesText } from '../../scripts/package/components.ts';

const metafile = {
  inputs: Object.fromEntries(
    [
      'src/main.ts',
      'node_modules/yaml/dist/index.js',
      'node_modules/yaml/dist/a.js',
      'node_modules/@grpc/grpc-js/x.js',
    ].map((path) => [path, { bytes: 1, imports: [] }]),
  ),
  outputs: {},
};

test('the components are the packages of which the bundle has files, once each, and Node', () => {
  const named = componentsOf(metafile).map(({ name, kind }) => `${kind} ${name}`);
  assert.deepEqual(named, ['library @grpc/grpc-js', 'platform node', 'library yaml']);
});

test('the bill of materials names each with version, licence and package URL, and the product depends on all', () => {
  const edition = { version: '1.2.3', epochSeconds: 1_700_000_000 };
  const bill = JSON.parse(billOfMaterials(componentsOf(metafile), edition));
  assert.equal(bill.metadata.timestamp, '2023-11-14T22:13:20.000Z');
  const [grpc, node] = bill.components;
  assert.match(grpc.purl, /^pkg:npm\/%40grpc\/grpc-js@\d+\.\d+\.\d+$/);
  assert.deepEqual(grpc.licenses, [{ expression: 'Apache-2.0' }]);
  assert.equal(node.type, 'platform');
  assert.deepEqual(
    bill.dependencies[0].dependsOn,
    bill.components.map((row: { 'bom-ref': string }) => row['bom-ref']),
  );
});

test('the licences are given in full', () => {
  const text = licencesText(componentsOf(metafile));
  assert.match(text, /^node \d+\.\d+\.\d+$/m);
  assert.match(text, /Permission to use, copy, modify, and\/or distribute this software/);
});
