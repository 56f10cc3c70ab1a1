import assert from 'node:assert/strict';
import test from 'node:test';
import { runHook } from '../../../src/agent/turn/lifecycle-hooks.ts';
import type { HttpRequest } from '../../../src/host/host.ts';
import type { LifecycleHandler } from '../../../src/kube/types.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';

type Answer = { readonly status: number; readonly location?: string } | Error;

function hook(handler: LifecycleHandler, answers: readonly Answer[] = [{ status: 200 }], timeoutMs = 30_000) {
  const clock = new FakeClock();
  const asked: { readonly url: string; readonly options: HttpRequest | undefined }[] = [];
  const executed: (readonly string[])[] = [];
  const state = { result: { exitCode: 0, output: '', timedOut: false } };
  const request = async (url: string, options?: HttpRequest) => {
    const answer = answers[asked.length] ?? { status: 200 };
    asked.push({ url, options });
    if (answer instanceof Error) throw answer;
    const headers: Record<string, string> = answer.location === undefined ? {} : { location: answer.location };
    return { status: answer.status, headers, body: new Uint8Array() };
  };
  const exec = async (_id: string, command: readonly string[]) => {
    executed.push(command);
    return state.result;
  };
  const target = { containerId: 'c1', address: '192.0.2.7', ports: [{ name: 'web', containerPort: 8080 }] as never };
  const run = () => runHook({ host: { request }, runtime: { exec }, clock }, handler, target, timeoutMs);
  return { clock, asked, executed, state, run };
}

const get = (change: object = {}): LifecycleHandler => ({
  httpGet: { path: '/hook', port: 'web', scheme: 'HTTP', ...change } as NonNullable<LifecycleHandler['httpGet']>,
});

test('a command is run as it is written; another exit code than 0 is a failure that says what was printed', async () => {
  const { executed, state, run } = hook({ exec: { command: ['sh', '-c', 'kill $$ $(NAME)'] } });
  await run();
  assert.deepEqual(executed, [['sh', '-c', 'kill $$ $(NAME)']]);
  state.result = { exitCode: 3, output: 'no luck\n', timedOut: false };
  await assert.rejects(run(), /exited with code 3: no luck/);
  state.result = { exitCode: 137, output: '', timedOut: true };
  await assert.rejects(run(), /did not end within 30 s/);
});

test('an httpGet is satisfied by any answer, and follows redirects wherever they lead', async () => {
  const { asked, run } = hook(get(), [{ status: 302, location: 'http://elsewhere.test/x' }, { status: 500 }]);
  await run();
  assert.deepEqual(
    asked.map(({ url }) => url),
    ['http://192.0.2.7:8080/hook', 'http://elsewhere.test/x'],
  );
  assert.match(asked[0]?.options?.headers?.['User-Agent'] ?? '', /^kube-lifecycle\/1\.\d+$/);
});

test('an httpGet without scheme, path and host asks the pod by http', async () => {
  const { asked, run } = hook({ httpGet: { port: 81 } as never });
  await run();
  assert.equal(asked[0]?.url, 'http://192.0.2.7:81/');
});

test('https that is answered in plain text is asked again by http, without the password', async () => {
  const plain = Object.assign(new Error('wrong version number'), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' });
  const httpHeaders = [{ name: 'Authorization', value: 'secret' }];
  const { asked, run } = hook(get({ scheme: 'HTTPS', httpHeaders }), [plain, { status: 200 }]);
  await run();
  assert.deepEqual(
    asked.map(({ url }) => url),
    ['https://192.0.2.7:8080/hook', 'http://192.0.2.7:8080/hook'],
  );
  assert.equal(asked[0]?.options?.headers?.Authorization, 'secret');
  assert.equal(asked[1]?.options?.headers?.Authorization, undefined);
  assert.equal(asked[0]?.options?.ca, false);
});

test('no answer is a failure', async () => {
  await assert.rejects(hook(get(), [new Error('connect ECONNREFUSED')]).run(), /ECONNREFUSED/);
});

test('a sleep ends with the time there is, and one of no length at once', async () => {
  const long = hook({ sleep: { seconds: 60 } });
  let ended = false;
  const running = long.run().then(() => {
    ended = true;
  });
  await long.clock.advance(29_999);
  assert.equal(ended, false);
  await long.clock.advance(1);
  await running;
  const none = hook({ sleep: { seconds: 0 } });
  const sleeping = none.run();
  await none.clock.advance(0);
  await sleeping;
});

test('tcpSocket has never been a hook', async () => {
  await assert.rejects(hook({ tcpSocket: { port: 80 } }).run(), /none of exec, httpGet and sleep/);
});
