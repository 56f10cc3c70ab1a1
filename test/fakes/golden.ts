import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Compares a text with test/golden/`name`. `UPDATE_GOLDEN=1` rewrites what differs and fails all the same, so that nobody
 * passes by accident.
 */
export function expectGolden(name: string, text: string): void {
  const file = join(import.meta.dirname, '../golden', name);
  const expected = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (process.env.UPDATE_GOLDEN === '1' && text !== expected) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    assert.fail(`${file} was rewritten; look at the difference and run again without UPDATE_GOLDEN`);
  }
  assert.equal(text, expected, `${name} differs; UPDATE_GOLDEN=1 rewrites it`);
}
