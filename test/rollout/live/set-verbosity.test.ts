import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HttpRequest } from '../../../src/host/host.ts';
import { setVerbosity } from '../../../src/rollout/live/set-verbosity.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { anEcdsaConfig, makePki, pkiContext } from '../../fakes/pki-context.ts';
import { renderedPods } from '../../fakes/rollout-builders.ts';

const paths = { manifestsDir: '/etc/kubernetes/manifests', adminConf: '/etc/kubernetes/admin.conf' };

/** A plane's disk, and a component that answers so. */
async function asking(component: 'kube-apiserver' | 'kube-scheduler', answer: { status: number; body: string }) {
  const disk = new MemoryHost();
  await makePki(pkiContext(disk, { config: anEcdsaConfig() }));
  for (const { component: name, text } of (await renderedPods(anEcdsaConfig())).values()) {
    disk.seed(`${paths.manifestsDir}/${name}.yaml`, text);
  }
  const asked: (HttpRequest & { url: string })[] = [];
  const request = async (url: string, options: HttpRequest = {}) => {
    asked.push({ url, ...options });
    return { status: answer.status, headers: {}, body: Buffer.from(answer.body) };
  };
  const host = { readText: (path: string) => disk.readText(path), request };
  const { signal } = new AbortController();
  const done = setVerbosity({ component, from: '0', to: '4' }, { host, paths, signal });
  return { done, asked };
}

describe('the verbosity of a running component', () => {
  test('is put to the scheduler as admin, whose self-made certificate nobody can verify', async () => {
    const { done, asked } = await asking('kube-scheduler', { status: 200, body: 'successfully set' });
    await done;
    const [{ url, method, body, ca, clientCertificate } = { url: '' }] = asked;
    assert.deepEqual([url, method, body, ca], ['https://127.0.0.1:10259/debug/flags/v', 'PUT', '4', false]);
    assert.match(clientCertificate ?? '', /BEGIN CERTIFICATE/);
  });

  test('is put to the API server, whose certificate is verified', async () => {
    const { done, asked } = await asking('kube-apiserver', { status: 200, body: '' });
    await done;
    assert.match(String(asked[0]?.ca), /BEGIN CERTIFICATE/);
  });

  for (const [status, hint] of [
    [404, /profiling=false/],
    [403, /nonResourceURL/],
    [400, /without --live/],
  ] as const) {
    test(`is refused in the component's own words: ${status}`, async () => {
      const { done } = await asking('kube-scheduler', { status, body: 'its own words\n' });
      await assert.rejects(done, (error: { message: string; hint: string }) => {
        assert.match(
          error.message,
          new RegExp(`kube-scheduler does not take --v=4 while it runs: ${status} its own words`),
        );
        assert.match(error.hint, hint);
        return true;
      });
    });
  }
});
