import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** A real registry (Debian's docker-registry) on loopback, which Docker talks plain HTTP with; data in `directory`. */
export async function startRegistry(
  directory: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const address = `127.0.0.1:${await freePort()}`;
  const config = join(directory, 'registry.yml');
  const storage = { filesystem: { rootdirectory: join(directory, 'registry') } };
  await writeFile(config, JSON.stringify({ version: 0.1, storage, http: { addr: address }, ...more }));
  const child = spawn('docker-registry', ['serve', config], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve, reject) => {
    child.on('exit', () => resolve());
    child.on('error', reject);
  });
  await Promise.race([answering(address), ended.then(() => Promise.reject(new Error('docker-registry ended')))]);
  const stop = async () => {
    child.kill();
    await ended;
  };
  return { address, stop };
}

async function answering(address: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const answer = await fetch(`http://${address}/v2/`).catch(() => undefined);
    if (answer?.ok || answer?.status === 401) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`no registry answers at ${address}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
