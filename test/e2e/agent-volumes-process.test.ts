import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, it } from 'node:test';
import { archive } from '../components/locations.ts';
import { LoneAgent } from './support/lone-agent.ts';
import { ended, held, type PodForm, podManifest } from './support/telling-pods.ts';

const host = mkdtempSync(join(tmpdir(), 'process-volumes-'));
const agent = new LoneAgent('process', dirname(archive('agnhost')));
const volumes = [{ name: 'v', hostPath: { path: host } }];
const sleeping = { command: ['/bin/sh', '-c', 'sleep 600'] };

/** Pods that a program without mounts of its own cannot be, and what is said of each. */
const refused: Readonly<Record<string, readonly [PodForm, RegExp]>> = {
  'empty-dir': [
    {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [{ ...sleeping, volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
    },
    /mountPath \/v is .* the process runtime mounts nothing/,
  ],
  'downward-api': [
    {
      volumes: [{ name: 'v', downwardAPI: { items: [] } }],
      containers: [{ ...sleeping, volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
    },
    /the process runtime mounts nothing/,
  ],
  'other-path': [
    { volumes, containers: [{ ...sleeping, volumeMounts: [{ name: 'v', mountPath: '/v' }] }] },
    /mountPath \/v is .* use a hostPath volume mounted at the same path/,
  ],
  image: [
    {
      volumes: [{ name: 'v', image: { reference: 'registry.k8s.io/pause:3.10.2' } }],
      containers: [{ ...sleeping, volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
    },
    /image/,
  ],
  aliases: [
    { hostAliases: [{ ip: '192.0.2.1', hostnames: ['foo'] }], containers: [sleeping] },
    /hostAliases need an \/etc\/hosts of the pod's own/,
  ],
  dns: [
    { dnsPolicy: 'None', dnsConfig: { nameservers: ['192.0.2.1'] }, containers: [sleeping] },
    /need a resolv.conf of the pod's own/,
  ],
  bridge: [{ hostNetwork: false, containers: [sleeping] }, /hostNetwork is false/],
};

before(async () => {
  mkdirSync(join(host, 'sub'));
  writeFileSync(join(host, 'sub/file'), 'mine\n');
  const script = `{ env | sort | grep ^X_; cat ${host}/sub/file; pwd; } >${host}/told`;
  const pod: PodForm = {
    hostNetwork: true,
    volumes,
    containers: [
      {
        command: ['/bin/sh', '-c', script],
        workingDir: host,
        env: [
          { name: 'X_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'X_ALL', value: '$(X_NAME)-$$(X_NAME)' },
        ],
        volumeMounts: [
          { name: 'v', mountPath: host },
          { name: 'v', mountPath: join(host, 'sub'), subPath: 'sub' },
        ],
      },
    ],
  };
  agent.write('works.json', podManifest('works', pod));
  const last = {
    hostNetwork: true,
    containers: [
      { command: ['/bin/sh', '-c', 'echo last words; exit 3'], terminationMessagePolicy: 'FallbackToLogsOnError' },
    ],
  } as const;
  agent.write('last-words.json', podManifest('last-words', last));
  for (const [name, [form]] of Object.entries(refused))
    agent.write(`${name}.json`, podManifest(name, { hostNetwork: true, ...form }));
  await agent.start();
});

after(async () => {
  await agent.destroy();
  rmSync(host, { recursive: true });
});

it('process: runs a pod whose hostPaths are at the same path, with its variables and working directory', async () => {
  const [status] = await ended(agent, 'works');
  assert.equal(status?.state.terminated?.exitCode, 0);
  const told = readFileSync(join(host, 'told'), 'utf8').trim().split('\n');
  assert.deepEqual(told, ['X_ALL=works-node1-$(X_NAME)', 'X_NAME=works-node1', 'mine', host]);
});

it('process: takes the termination message from the log on an error', async () => {
  const [status] = await ended(agent, 'last-words');
  assert.deepEqual([status?.state.terminated?.exitCode, status?.state.terminated?.message], [3, 'last words']);
});

it('process: refuses, with the reason, what needs mounts or files of the pod’s own', async () => {
  for (const [name, [, reason]] of Object.entries(refused)) await held(agent, name, reason);
});
