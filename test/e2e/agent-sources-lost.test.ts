import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { expectCode, run } from './support/command.ts';
import { engineUnderTest } from './support/engine.ts';
import { ManifestServer, manifest, SourceAgent } from './support/source-pods.ts';

describe(`${engineUnderTest}: sources that are out of reach`, () => {
  const server = new ManifestServer();
  let agent: SourceAgent;
  let url = '';
  before(async () => {
    url = await server.listen();
    server.body = JSON.stringify({
      apiVersion: 'v1',
      kind: 'PodList',
      items: ['one', 'two'].map((name) => ({
        metadata: { name, annotations: { edit: name } },
        spec: {
          hostNetwork: true,
          terminationGracePeriodSeconds: 2,
          containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10.2' }],
        },
      })),
    });
    agent = new SourceAgent(engineUnderTest, ['--manifest-url', url, '--manifest-url-header', 'X-Token:secret']);
    await agent.start();
  });
  after(async () => {
    server.status = 200;
    server.body = 'apiVersion: v1\nkind: PodList\nitems: []\n';
    await agent.look();
    await agent.destroy();
    server.close();
  });

  test('pods of a URL run, and stay when it answers otherwise, with garbage or not at all', async () => {
    const one = await agent.running('one', 'one');
    await agent.running('two', 'two');
    assert.ok(server.tokens.length > 0 && server.tokens.every((token) => token === 'secret'));
    const { pods } = await agent.status();
    assert.equal(pods[0]?.pod.metadata.annotations?.['kubernetes.io/config.source'], 'http');
    const good = server.body;
    for (const [status, body, reason] of [
      [500, 'broken', /answers 500/],
      [200, '', /answers with nothing/],
      [200, 'kind: Pod\nspec: [', /not valid YAML/],
      [200, 'apiVersion: v1\nkind: Service\n', /a Service is an object of the API server/],
    ] as const) {
      Object.assign(server, { status, body });
      await agent.look();
      const refused = await agent.refusal(url);
      assert.match(refused?.reason ?? '', reason);
      assert.equal(refused?.lastGoodRuns, true);
    }
    await agent.end('SIGKILL');
    await agent.start();
    assert.deepEqual(await agent.running('one', 'one'), one);
    const list = JSON.parse(good) as { items: unknown[] };
    Object.assign(server, { status: 200, body: JSON.stringify({ ...list, items: list.items.slice(0, 1) }) });
    await agent.look();
    await agent.gone('two-node1');
    assert.deepEqual(await agent.running('one', 'one'), one);
    assert.equal(await agent.refusal(url), undefined);
  });

  test('an invalid edit keeps its pod also over kill -9 and a new start of the agent (A2)', async () => {
    agent.write('broken.yaml', manifest('broken'));
    const first = await agent.running('broken', 'first');
    await agent.end('SIGKILL');
    agent.write('broken.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {name: broken\n');
    await agent.start();
    await agent.look();
    assert.equal((await agent.refusal('broken.yaml'))?.lastGoodRuns, true);
    assert.deepEqual(await agent.running('broken', 'first'), first);
    agent.remove('broken.yaml');
    await agent.gone('broken-node1');
  });

  test('a directory that is unmounted, replaced or gone takes no pod with it (A6)', async (t) => {
    const directory = agent.file('');
    const source = join(agent.root, 'source');
    fs.mkdirSync(source);
    fs.writeFileSync(join(source, 'kept.yaml'), manifest('kept'));
    // A machine that lets us mount nothing has its directory replaced by another one, which is the same to the agent.
    const mounts = (await run('unshare', ['--mount', 'true'])).code === 0;
    const put = async () => {
      if (mounts) expectCode(await run('mount', ['--bind', source, directory]), 0);
      else
        for (const [from, to] of [
          [directory, `${directory}.below`],
          [source, directory],
        ] as const)
          fs.renameSync(from, to);
    };
    const take = async () => {
      if (mounts) expectCode(await run('umount', [directory]), 0);
      else
        for (const [from, to] of [
          [directory, source],
          [`${directory}.below`, directory],
        ] as const)
          fs.renameSync(from, to);
    };
    await put();
    await agent.look();
    const first = await agent.running('kept', 'first');
    await take();
    t.after(() => agent.look());
    await agent.look();
    assert.match((await agent.refusal('kept.yaml'))?.reason ?? '', /is empty and another directory than before/);
    await agent.end('SIGKILL');
    await agent.start();
    assert.deepEqual(await agent.running('kept', 'first'), first);
    await put();
    await agent.look();
    assert.equal(await agent.refusal('kept.yaml'), undefined);
    assert.deepEqual(await agent.running('kept', 'first'), first);
    await take();
    fs.rmdirSync(directory);
    await agent.look();
    assert.deepEqual(await agent.running('kept', 'first'), first);
    fs.mkdirSync(directory);
    fs.writeFileSync(agent.file('kept.yaml'), manifest('kept'));
    await agent.look();
    assert.deepEqual(await agent.running('kept', 'first'), first);
    agent.remove('kept.yaml');
    await agent.gone('kept-node1');
  });
});
