import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from './engine.ts';
import { startRegistry } from './registry.ts';

/** `tester:secret` by bcrypt, the only form that the registry's htpasswd reads. */
const htpasswd = 'tester:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';

/** A registry on loopback that wants a login, with one image in it that the engine has no more. */
export async function startPrivateRegistry(engine: Engine, image: string) {
  const directory = mkdtempSync(join(tmpdir(), 'private-registry-'));
  writeFileSync(join(directory, 'htpasswd'), htpasswd);
  const auth = { htpasswd: { realm: 'test', path: join(directory, 'htpasswd') } };
  const registry = await startRegistry(directory, { auth });
  const reference = `${registry.address}/team/app:1`;
  /** As `docker login` writes it. */
  const login = JSON.stringify({
    auths: { [registry.address]: { auth: Buffer.from('tester:secret').toString('base64') } },
  });
  await engine.tag(image, reference);
  await engine.push(reference, 'tester:secret');
  await engine.removeName(reference);
  const stop = async () => {
    await registry.stop();
    await engine.removeName(reference);
    rmSync(directory, { recursive: true, force: true });
  };
  return { reference, login, stop };
}
