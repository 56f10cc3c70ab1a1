import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { nodeHost } from '../../../src/host/node-host.ts';
import { createDockerRuntime } from '../../../src/runtime/docker/docker-runtime.ts';
import type { ContainerRuntime } from '../../../src/runtime/runtime.ts';
import { FakeDockerEngine } from '../../fakes/docker-engine.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { recordingLog } from '../../fakes/recording-log.ts';
import { until } from '../../fakes/until.ts';

const image = {
  Id: 'sha256:1',
  RepoTags: ['registry.example/app:1'],
  RepoDigests: [],
  Size: 5,
  Config: { User: '1000' },
};

describe('images of the docker runtime', () => {
  let engine: FakeDockerEngine;
  let clock: FakeClock;
  let connects: () => Promise<void>;
  let runtime: ContainerRuntime;

  beforeEach(async () => {
    engine = await new FakeDockerEngine().start();
    clock = new FakeClock();
    connects = () => Promise.reject(new Error('no route'));
    const host = { ...nodeHost, connectTcp: () => connects() };
    runtime = createDockerRuntime({ host, clock, log: recordingLog(), owner: 'root-1', socketPath: engine.socketPath });
  });
  afterEach(async () => {
    await runtime.close();
    await engine.stop();
  });

  describe('pulling', () => {
    it('tells the progress, hands over credentials, and gives the image', async () => {
      engine.on('POST', /images\/create$/, {
        lines: [
          { status: 'Pulling from app', id: '1' },
          { id: 'abc', status: 'Downloading', progress: '[=> ] 1/2' },
        ],
      });
      engine.on('GET', /images\/registry.example\/app:1\/json$/, { json: image });
      const progress: string[] = [];
      const credentials = { username: 'me', password: 'secret' };
      const found = await runtime.pullImage('registry.example/app:1', {
        credentials,
        onProgress: (text) => progress.push(text),
      });
      assert.deepEqual(found, {
        id: 'sha256:1',
        tags: ['registry.example/app:1'],
        digests: [],
        sizeBytes: 5,
        user: '1000',
      });
      assert.deepEqual(progress, ['1 Pulling from app', 'abc Downloading [=> ] 1/2']);
      const [asked] = engine.requests;
      assert.deepEqual([asked?.query.get('fromImage'), asked?.query.get('tag')], ['registry.example/app', '1']);
      const header = Buffer.from(String(asked?.headers['x-registry-auth']), 'base64url').toString();
      assert.deepEqual(JSON.parse(header), { ...credentials, serveraddress: 'registry.example' });
    });

    it('fails with what the stream says', async () => {
      engine.on('POST', /images\/create$/, { lines: [{ error: 'toomanyrequests: slow down' }] });
      await assert.rejects(runtime.pullImage('app:1'), /cannot pull app:1: toomanyrequests: slow down/);
    });

    it('never asks for all tags of a repository', async () => {
      engine.on('POST', /images\/create$/, { lines: [{ error: 'no' }] });
      await assert.rejects(runtime.pullImage('app'));
      assert.equal(engine.requests[0]?.query.get('tag'), 'latest');
    });

    it('is given up after 5 s when no connection to the registry can be made', async () => {
      engine.on('POST', /images\/create$/, 'hang');
      const pulling = assert.rejects(
        runtime.pullImage('registry.example/app:1'),
        /no connection to registry.example within 5 s \(no route\)/,
      );
      await until(() => engine.requests.length === 1);
      await clock.advance(5000);
      await pulling;
    });

    it('goes on with a registry that is slow, until nothing has moved for a minute', async () => {
      connects = async () => {};
      engine.on('POST', /images\/create$/, 'hang');
      let failure = '';
      const pulling = runtime.pullImage('registry.example/app:1').catch((thrown: Error) => {
        failure = thrown.message;
      });
      await until(() => engine.requests.length === 1);
      await clock.advance(64_999);
      assert.equal(failure, '');
      await clock.advance(1);
      await pulling;
      assert.match(failure, /no progress for 60 s/);
    });

    it('ends when the caller loses interest', async () => {
      engine.on('POST', /images\/create$/, 'hang');
      const controller = new AbortController();
      const pulling = assert.rejects(runtime.pullImage('app:1', { signal: controller.signal }), { name: 'AbortError' });
      await until(() => engine.requests.length === 1);
      controller.abort();
      await pulling;
    });
  });

  describe('removing an image', () => {
    it('takes its names off one by one and never by force', async () => {
      engine.on('GET', /images\/sha256:1\/json$/, { json: { ...image, RepoTags: ['a:1', 'b:1'] } });
      engine.on('DELETE', /./, { json: [] });
      await runtime.removeImage('sha256:1');
      await runtime.removeImage('sha256:2');
      const deletions = engine.requests.filter(({ method }) => method === 'DELETE');
      assert.deepEqual(
        deletions.map(({ path }) => path),
        ['/images/a:1', '/images/b:1'],
      );
      assert.deepEqual(
        deletions.map(({ query }) => query.get('force')),
        [null, null],
      );
    });
  });
});
