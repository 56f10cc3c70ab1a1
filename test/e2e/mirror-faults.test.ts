import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { AgentPod } from '../../src/kube/agent-socket.ts';
import type { Pod } from '../../src/kube/types.ts';
import { eventually, expectCode } from './support/command.ts';
import { FaultAgent, writeFaultImages } from './support/fault-agent.ts';
import { NodePlane } from './support/node-plane.ts';
import { OwnDockerd } from './support/own-dockerd.ts';

const podName = 'removed-node2';

describe('mirror pods of an engine that goes away', () => {
  const images = mkdtempSync(join(tmpdir(), 'fault-images-'));
  const plane = new NodePlane('process');
  const dockerd = new OwnDockerd(true);
  const kubeconfig = plane.path('node2.conf');
  const flags = ['--hostname-override', 'node2', '--kubeconfig', kubeconfig, '--port', '0'];
  const agent = new FaultAgent('docker', dockerd.socketPath, { archives: images, extra: flags });

  before(async () => {
    await Promise.all([writeFaultImages(images), dockerd.start(), init()]);
    await agent.start();
  });
  after(async () => {
    await agent.end('SIGTERM');
    await Promise.all([dockerd.destroy(), plane.destroy()]);
    for (const directory of [agent.root, images]) rmSync(directory, { recursive: true, force: true });
  });

  /** A control plane, and the credentials of a second node. */
  async function init(): Promise<void> {
    expectCode(await plane.init(), 0);
    const user = ['kubeconfig', 'user', '--client-name', 'system:node:node2', '--org', 'system:nodes'];
    writeFileSync(kubeconfig, expectCode(await plane.bootstrap(user), 0).stdout, { mode: 0o600 });
  }
  const mirror = () => plane.object<Pod>(['get', 'pod', podName]);

  it('stay Running while nobody can say what became of their pods, and go once the engine says so (G4)', async () => {
    agent.add('removed');
    const running = await eventually('the mirror pod is Running', async () => {
      const found = await mirror();
      return found?.status?.phase === 'Running' ? found : undefined;
    });
    await dockerd.stop();
    agent.remove('removed.yaml');
    const tried = ({ file, lastError }: AgentPod) => file === undefined && lastError !== undefined;
    await agent.pod(podName, tried);
    const during = await mirror();
    assert.equal(during?.metadata.uid, running.metadata.uid);
    assert.equal(during?.metadata.deletionTimestamp, undefined);
    assert.equal(during?.status?.phase, 'Running');
    await dockerd.start();
    await eventually('the mirror pod goes', async () => (await mirror()) === undefined);
    const left = await dockerd.docker('ps', '-q', '--filter', `label=io.kubernetes.pod.name=${podName}`);
    assert.equal(left, '', 'nothing of it runs any more when the cluster no longer shows it');
    assert.equal((await agent.status()).pods.length, 0);
  });
});
