import assert from 'node:assert/strict';
import test from 'node:test';
import { httpProbe } from '../../../src/agent/probes/http-probe.ts';
import type { HttpRequest, HttpResponse } from '../../../src/host/host.ts';
import type { HttpGetAction } from '../../../src/kube/types.ts';
import { aContainer } from '../../fakes/agent-builders.ts';

const ports = [{ name: 'probe-port', containerPort: 6443, protocol: 'TCP' as const }];

async function probe(
  action: Partial<HttpGetAction>,
  answers: readonly { readonly status: number; readonly location?: string }[] = [{ status: 200 }],
) {
  const asked: { readonly url: string; readonly options: HttpRequest | undefined }[] = [];
  const request = async (url: string, options?: HttpRequest): Promise<HttpResponse> => {
    const { status, location } = answers[asked.length] ?? { status: 200 };
    asked.push({ url, options });
    return { status, headers: location === undefined ? {} : { location }, body: Buffer.from('') };
  };
  const full: HttpGetAction = { path: '/livez', port: 'probe-port', scheme: 'HTTPS', ...action };
  const target = { containerId: 'c', container: aContainer({ ports }), address: '2001:db8::1' };
  return { outcome: await httpProbe({ host: { request } }, full, target, 1500), asked };
}

test('asks the named port at the pod’s address, verifying nothing', async () => {
  const { outcome, asked } = await probe({});
  assert.equal(outcome.result, 'success');
  assert.equal(asked[0]?.url, 'https://[2001:db8::1]:6443/livez');
  assert.equal(asked[0]?.options?.ca, false);
  assert.equal(asked[0]?.options?.timeoutMs, 1500);
  assert.match(asked[0]?.options?.headers?.['User-Agent'] ?? '', /^kube-probe\/1\.\d+$/);
  assert.equal(asked[0]?.options?.headers?.Accept, '*/*');
});

test('the probe’s own host and headers win; an empty value takes a default away', async () => {
  const httpHeaders = [
    { name: 'User-Agent', value: 'mine' },
    { name: 'Accept', value: '' },
  ];
  const { asked } = await probe({ host: '127.0.0.1', port: 80, scheme: 'HTTP', httpHeaders });
  assert.equal(asked[0]?.url, 'http://127.0.0.1:80/livez');
  assert.deepEqual(asked[0]?.options?.headers, { 'User-Agent': 'mine' });
});

test('an empty header of another name is sent as it is, and one that comes twice once, with both values', async () => {
  const httpHeaders = [
    { name: 'X-Empty', value: '' },
    { name: 'X-Twice', value: 'a' },
    { name: 'x-twice', value: 'b' },
    { name: 'Host', value: 'other.test' },
  ];
  const { asked } = await probe({ httpHeaders });
  const { 'User-Agent': _, Accept: __, ...own } = asked[0]?.options?.headers ?? {};
  assert.deepEqual(own, { 'X-Empty': '', 'X-Twice': 'a, b', Host: 'other.test' });
});

test('200 to 399 is a success, all else a failure', async () => {
  for (const [status, result] of [
    [200, 'success'],
    [304, 'success'],
    [399, 'success'],
    [400, 'failure'],
    [503, 'failure'],
  ] as const) {
    assert.equal((await probe({}, [{ status }])).outcome.result, result, String(status));
  }
});

test('a port name that the container does not know cannot be asked at all', async () => {
  await assert.rejects(probe({ port: 'no-such' }), /port "no-such" not found/);
});

test('follows a redirect on the same host; one to another host is a success', async () => {
  const same = await probe({ host: 'a.test', port: 80, scheme: 'HTTP' }, [
    { status: 302, location: '/other' },
    { status: 500 },
  ]);
  assert.equal(same.outcome.result, 'failure');
  assert.equal(same.asked[1]?.url, 'http://a.test/other');
  const other = await probe({ host: 'a.test', port: 80, scheme: 'HTTP' }, [
    { status: 302, location: 'http://b.test/' },
  ]);
  assert.equal(other.outcome.result, 'success');
  assert.match(other.outcome.warning ?? '', /Probe terminated redirects at one to http:\/\/b\.test\//);
  assert.equal(other.asked.length, 1);
  const port = await probe({ host: 'a.test', port: 80, scheme: 'HTTP' }, [
    { status: 302, location: 'http://a.test:81/' },
    { status: 200 },
  ]);
  assert.equal(port.asked[1]?.url, 'http://a.test:81/');
});

test('redirects without end are a failure', async () => {
  const answers = Array.from({ length: 20 }, () => ({ status: 302, location: '/again' }));
  assert.equal((await probe({ host: 'a.test', port: 80, scheme: 'HTTP' }, answers)).outcome.result, 'failure');
});
