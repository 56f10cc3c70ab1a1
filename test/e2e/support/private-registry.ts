import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expectCode, run } from './command.ts';
import { startRegistry } from './registry.ts';

/** `tester:secret` by bcrypt, the only form that the registry's htpasswd reads. */
const htpasswd = 'tester:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';

/** A registry on loopback that wants a login, with one image in it that Docker has no more. */
export async function startPrivateRegistry(image: string) {
  const directory = mkdtempSync(join(tmpdir(), 'private-registry-'));
  writeFileSync(join(directory, 'htpasswd'), htpasswd);
  const auth = { htpasswd: { realm: 'test', path: join(directory, 'htpasswd') } };
  const registry = await startRegistry(directory, { auth });
  const reference = `${registry.address}/team/app:1`;
  /** As `docker login` writes it. */
  const login = JSON.stringify({
    auths: { [registry.address]: { auth: Buffer.from('tester:secret').toString('base64') } },
  });
  writeFileSync(join(directory, 'config.json'), login);
  expectCode(await run('docker', ['tag', image, reference]), 0);
  expectCode(await run('docker', ['--config', directory, 'push', '-q', reference]), 0);
  expectCode(await run('docker', ['rmi', reference]), 0);
  const stop = async () => {
    await registry.stop();
    await run('docker', ['rmi', reference]);
    rmSync(directory, { recursive: true, force: true });
  };
  return { reference, login, stop };
}
