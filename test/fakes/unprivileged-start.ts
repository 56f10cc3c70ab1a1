import { join } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { importArchive } from '../../src/runtime/images/import.ts';
import { createProcessRuntime } from '../../src/runtime/process/process-runtime.ts';
import { testPlatform } from './images.ts';
import { aContainerConfig, aSandboxConfig, noSecurity } from './process-pods.ts';

// Run as a program of its own: gives up root when it has it, then runs a container to its end and prints what it was.
const [directory = '', archive = ''] = process.argv.slice(2);
const uid = process.getuid?.() || 65534;
if (process.getuid?.() === 0) {
  process.setgroups?.([]);
  process.setgid?.(uid);
  process.setuid?.(uid);
}
const host = { ...nodeHost, uid, gid: process.getgid?.() ?? uid, homeDirectory: () => directory };
const storeDir = join(directory, 'store');
await importArchive(host, { storeDir, platform: testPlatform }, archive);
const containersDir = join(directory, 'containers');
const runtime = createProcessRuntime({ host, clock: systemClock, log: silentLog, owner: 'o', containersDir, storeDir });
const sandbox = aSandboxConfig({ logDirectory: join(directory, 'log') });
const sandboxId = await runtime.createSandbox(sandbox);
const security = { ...noSecurity, noNewPrivileges: true, dropCapabilities: ['ALL'] };
const start = (name: string, script: string) =>
  runtime.startContainer(
    sandboxId,
    sandbox,
    aContainerConfig({ name, command: ['sh', '-c', script], logPath: join(directory, 'log', `${name}.log`), security }),
  );
const first = await start('first', 'exec sleep 1000');
const exec = await runtime.exec(first, ['sh', '-c', 'echo in; exit 3'], 10_000);
const status = await runtime.exec(first, ['cat', '/proc/self/status'], 10_000);
await runtime.stopContainer(first, 5);
const [pod] = await runtime.observePods();
const refusals = runtime.refusals(sandbox, [aContainerConfig({ security: { ...noSecurity, runAsUser: uid + 1 } })]);
await runtime.removeSandbox(sandboxId);
await runtime.removeImage((await runtime.listImages())[0]?.id ?? '');
process.stdout.write(
  JSON.stringify({ uid, exec, status, container: pod?.containers[0], refusals, images: await runtime.listImages() }),
);
await runtime.close();
