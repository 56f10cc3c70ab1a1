import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { typeOfContainerId } from '../../src/runtime/place.ts';
import { agnhost } from './support/agnhost-pods.ts';
import { eventually, expectCode } from './support/command.ts';
import {
  type EngineContainer,
  type EngineType,
  engineOf,
  engineUnderTest,
  type RuntimeUnderTest,
} from './support/engine.ts';
import { stepName, strikeAt } from './support/journal-walk.ts';
import { processesOf } from './support/processes.ts';
import { componentNames, eventsOf, RolloutPlane } from './support/rollout-plane.ts';

const thorough = process.env.E2E_MATRIX === 'all';
/** From child processes to Docker and back; with E2E_RUNTIME=cri from Docker to containerd and back. */
const [home, away]: readonly [RuntimeUnderTest, EngineType] =
  engineUnderTest === 'cri' ? ['docker', 'cri'] : ['process', 'docker'];

const ownPod = `apiVersion: v1
kind: Pod
metadata: {name: own}
spec:
  hostNetwork: true
  terminationGracePeriodSeconds: 1
  containers:
  - {name: app, image: "${agnhost}", imagePullPolicy: IfNotPresent, command: [sh, -c, "trap 'exit 0' TERM; sleep 1000000 & wait"]}
`;

/** A control plane with a pod of its user's beside it, and an object whose data must not be lost. */
class MovingPlane extends RolloutPlane {
  static async make(): Promise<MovingPlane> {
    const plane = new MovingPlane(home);
    expectCode(await plane.init(), 0);
    writeFileSync(plane.manifest('own'), ownPod);
    expectCode(await plane.kubectl(['create', 'configmap', 'kept', '--from-literal=a=b']), 0);
    await eventually('the pod of the user runs', async () => {
      const own = (await plane.status()).pods.find(({ name }) => name === 'own-node1');
      return assert.equal(own?.ready, true) === undefined;
    });
    return plane;
  }

  /** The options that lead there. */
  to(runtime: RuntimeUnderTest): readonly string[] {
    return ['--runtime', runtime, ...(runtime === 'cri' ? ['--runtime-endpoint', engineOf('cri').endpoint] : [])];
  }

  /** Waits until every pod is in this runtime alone, each once and ready, with nothing half and nothing lost. */
  async isIn(runtime: RuntimeUnderTest): Promise<void> {
    await eventually(
      `every pod is in ${runtime} alone`,
      async () => (await this.#check(runtime)) === undefined,
      90_000,
    );
  }

  async #check(runtime: RuntimeUnderTest): Promise<void> {
    assert.equal(this.journal(), undefined);
    assert.ok(this.revisions().every(({ result }) => result !== 'unfinished'));
    const { ready, pods } = await this.status();
    assert.equal(ready, true);
    assert.equal(pods.length, componentNames.length + 1);
    for (const { name, status } of pods) {
      for (const { containerID } of status.containerStatuses)
        assert.equal(typeOfContainerId(containerID ?? ''), runtime, name);
    }
    for (const component of componentNames) assert.equal(processesOf(this.root, component).length, 1, component);
    for (const type of ['docker', 'cri'] as const) {
      if (type !== home && type !== away) continue;
      const found = await this.#containersIn(type);
      const running = found.filter(({ state }) => state === 'running');
      if (type === runtime) assert.equal(running.length, 2 * pods.length, `containers and sandboxes in ${type}`);
      else assert.deepEqual(found, [], `nothing is in ${type}`);
    }
    const noted = readFileSync(this.path('var/lib/bootstrap/runtime'), 'utf8').trimEnd();
    assert.match(noted, new RegExp(`^${runtime}[^\n]*$`), 'one runtime is left');
    assert.deepEqual(this.leftovers(), []);
    const { stdout } = await this.kubectl(['get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}']);
    assert.equal(stdout, 'b', 'no data is lost');
  }

  async #containersIn(type: EngineType): Promise<readonly EngineContainer[]> {
    const owner = readFileSync(this.path('var/lib/bootstrap/owner'), 'utf8').trim();
    return engineOf(type).find({ 'kube-bootstrap/owner': owner });
  }
}

test(`pods move from ${home} to ${away} and back`, { timeout: 600_000 }, async (t) => {
  const plane = await MovingPlane.make();
  t.after(() => plane.destroy());

  await t.test('plan says who moves, in which order, and what clients notice', async () => {
    const planned = await plane.bootstrap(['plan', ...plane.to(away)]);
    expectCode(planned, 10);
    for (const component of componentNames) {
      assert.match(
        planned.stdout,
        new RegExp(`^${component}  restarts, because it moves from ${home} to ${away}$`, 'm'),
      );
    }
    assert.match(
      planned.stdout,
      /these restart, in this order: etcd, kube-apiserver, kube-controller-manager, kube-sch/,
    );
    assert.match(planned.stdout, /the API does not answer for the 3 to 6 s/);
    assert.match(planned.stdout, /note: these pods move to \w+ too, .*: default\/own-node1/);
    expectCode(await plane.bootstrap(['apply', ...plane.to(away), '--component', 'etcd']), 2);
    await plane.isIn(home);
  });

  await t.test('a move that fails takes back what has moved', async () => {
    plane.configure({ 'kube-apiserver': { 'no-such-flag': 1 } });
    const moved = await plane.apply([...plane.to(away), '--skip-canary', '-o', 'ndjson']);
    expectCode(moved, 5);
    const done = eventsOf(moved).filter(({ step, state }) => step === 'gate' && state === 'done');
    assert.deepEqual(
      done.map(({ component }) => component),
      ['etcd'],
      'etcd had moved',
    );
    await plane.isIn(home);
    assert.equal(plane.lastRevision().result, 'rolled-back');
  });

  await t.test('all pods move, one after the other, with their data', async () => {
    const canary = thorough ? [] : ['--skip-canary'];
    const moved = await plane.bootstrap(['apply', ...plane.to(away), ...canary, '-o', 'ndjson']);
    expectCode(moved, 0);
    const ended = eventsOf(moved).filter(({ state }) => state === 'done');
    const order = ended.filter(({ step }) => step === 'gate' || step === 'move');
    assert.deepEqual(
      order.map(({ component, detail }) => component ?? detail),
      [...componentNames, 'default/own-node1'],
    );
    assert.equal(
      ended.some(({ step }) => step === 'canary'),
      thorough,
      'they are tried there beforehand',
    );
    await plane.isIn(away);
    assert.equal(plane.lastRevision().result, 'good');
    expectCode(await plane.bootstrap(['plan']), 0);
  });

  /** Writes of the journal: prepare, files, and from then on three for each component. */
  const blows = thorough ? [2, 3, 4, 6, 7, 9, 12, 14, 15] : [4];
  for (const nth of blows) {
    await t.test(`killed at write ${nth} of its journal, it converges`, async () => {
      plane.configure({});
      const args = [...plane.to(home), '--skip-canary'];
      const { at } = await strikeAt(plane, nth, { strike: (pid) => process.kill(pid, 'SIGKILL'), args });
      const isOver = at === undefined || at.step === 'commit';
      await plane.isIn(isOver ? home : away).catch((thrown: Error) => {
        throw new Error(`killed at ${stepName(at)}: ${thrown.message}`, { cause: thrown });
      });
      if (isOver) expectCode(await plane.bootstrap(['apply', ...plane.to(away), '--skip-canary']), 0);
    });
  }

  await t.test('a rollback moves back, though the agent dies on the way', async () => {
    const strike = () => void process.kill(plane.agentPid(), 'SIGKILL');
    const start: Parameters<typeof strikeAt>[2]['start'] = (options) =>
      plane.bootstrap(['rollback', '--skip-canary'], options);
    const { ran } = await strikeAt(plane, 4, { strike, start });
    expectCode(ran, 0);
    await plane.isIn(home);
  });
});
