import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { errorsOf, renderFinding } from '../../src/base/diagnostics.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { decodePod } from '../../src/kube/pod.ts';
import { parseJsonOrYaml } from '../../src/kube/yaml.ts';
import { parseKubeconfig } from '../../src/kubeconfig/kubeconfig.ts';
import { expectCode } from './support/command.ts';
import { Plane } from './support/plane.ts';

type Path = readonly (string | number)[];

/** Put in place of every value of a Pod that uses nearly every field a static pod may have, one at a time. */
const values: readonly unknown[] = ['', 'Bad Value', '../x', 'a.b', 'x'.repeat(300), -1, 0, 70_000, null, []];
/** Requests on their way at once. */
const lanes = 8;

/** The kubelet, which we follow, refuses a projected volume with an empty source; the API server lets it pass. */
const knownDifferences = /^spec\.volumes\.3\.projected\.sources\.0(\.downwardAPI)? (null|\{\})$/;

function* pathsOf(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    yield* pathsOf(member, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

function withValue(pod: unknown, path: Path, value: unknown): unknown {
  const copy = structuredClone(pod);
  let parent = copy as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<string | number, unknown>;
  parent[path.at(-1) ?? ''] = value;
  return copy;
}

describe('what is a valid pod', () => {
  const admission = 'apiServer: {extraArgs: [{name: disable-admission-plugins, value: ServiceAccount}]}';
  let plane: Plane | undefined;
  before(async () => {
    plane = new Plane('process', { cluster: admission });
    expectCode(await plane.init(), 0);
  });
  after(() => plane?.destroy());

  test('is the same to us and to the API server, whichever value of a pod is changed', async () => {
    assert.ok(plane);
    const admin = parseKubeconfig(readFileSync(plane.path('etc/kubernetes/admin.conf'), 'utf8'));
    const { server, ca = '', clientCertificate = '', clientKey = '' } = admin;
    const url = `${server}/api/v1/namespaces/default/pods?dryRun=All`;
    const refusalOfServer = async (body: string): Promise<string | undefined> => {
      const headers = { 'content-type': 'application/json' };
      const options = { method: 'POST', headers, body, ca, clientCertificate, clientKey, keepAlive: true };
      const answer = await nodeHost.request(url, options);
      return answer.status === 201 ? undefined : Buffer.from(answer.body).toString();
    };
    const pod = parseJsonOrYaml(readFileSync(join(import.meta.dirname, '../fixtures/pods/every-field.yaml'), 'utf8'));
    assert.equal(await refusalOfServer(JSON.stringify(pod)), undefined);
    const differences: string[] = [];
    const cases = [...pathsOf(pod)]
      .filter(([first]) => first !== 'apiVersion' && first !== 'kind')
      .flatMap((path) => values.map((value) => ({ path, value })));
    const compare = async ({ path, value }: { readonly path: Path; readonly value: unknown }) => {
      const text = JSON.stringify(withValue(pod, path, value));
      const ours = errorsOf(decodePod(text, 'pod.json').findings).map(renderFinding);
      const theirs = await refusalOfServer(text);
      const what = `${path.join('.')} ${JSON.stringify(value)}`;
      if ((theirs === undefined) === (ours.length === 0) || knownDifferences.test(what)) return;
      differences.push(`${what}\n  API server: ${theirs ?? 'accepted'}\n  ours: ${ours.join('\n') || 'accepted'}`);
    };
    assert.ok(cases.length > 2000, `${cases.length} cases`);
    const waiting = [...cases];
    const lane = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await compare(next);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    assert.equal(differences.join('\n'), '');
  });
});
