import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { madeRecord } from '../../../src/cli/init/made-record.ts';
import { nodeHost } from '../../../src/host/node-host.ts';

it('what is recorded at the same time is all in the record when its turn ends, in order', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'made-record-'));
  try {
    const record = madeRecord(nodeHost, { stateDir: join(directory, 'state') });
    const paths = Array.from({ length: 30 }, (_, index) => `/made/${index}`);
    await Promise.all(
      paths.map(async (path) => {
        await record.add([{ path, kind: 'directory' }]);
        const written = readFileSync(join(directory, 'state', 'made.jsonl'), 'utf8');
        assert.ok(written.includes(`"${path}"`), path);
      }),
    );
    const made = (await record.all()).map((entry) => entry.path).filter((path) => path.startsWith('/made/'));
    assert.deepEqual(made, paths);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
