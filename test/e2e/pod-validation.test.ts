import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { errorsOf, renderFinding } from '../../src/base/diagnostics.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { decodePodDocument } from '../../src/kube/pod.ts';
import { parseJsonOrYaml } from '../../src/kube/yaml.ts';
import { parseKubeconfig } from '../../src/kubeconfig/kubeconfig.ts';
import { expectCode } from './support/command.ts';
import { Plane } from './support/plane.ts';

type Path = readonly (string | number)[];

/** Pods that between them use nearly every field that a static pod may have. */
const corpus = ['every-field', 'placement', 'storage', 'pod-resources', 'windows'];
/** Put in place of every value of each of them, one at a time. */
const values: readonly unknown[] = ['', 'Bad Value', '../x', 'a.b', 'x'.repeat(300), -1, 0, 70_000, null, [], {}, true];
/** Words that mean something somewhere, put in place of strings. */
const words = [
  ...[
    'Always',
    'Never',
    'OnFailure',
    'In',
    'Exists',
    'Gt',
    'DoNotSchedule',
    'ScheduleAnyway',
    'Localhost',
    'Unconfined',
  ],
  ...[
    'None',
    'Bidirectional',
    'Enabled',
    'linux',
    'windows',
    'requests.cpu',
    'metadata.name',
    '3',
    '1Gi',
    'iqn.1',
    '/x',
  ],
];
/** Requests on their way at once. */
const lanes = 8;

/**
 * The kubelet, which we follow, refuses a projected volume with an empty source; the API server lets it pass. The other
 * one is the Priority plugin's, which looks at the cluster's priority classes.
 */
const knownDifferences =
  /^spec\.volumes\.\d\.projected\.sources\.\d(\.downwardAPI)? (null|\{\})$|^spec\.preemptionPolicy "Never"$/;

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

const fixture = (name: string): unknown =>
  parseJsonOrYaml(readFileSync(join(import.meta.dirname, `../fixtures/pods/${name}.yaml`), 'utf8'));

type Case = { readonly path: Path; readonly value: unknown };

function casesOf(pod: unknown): readonly Case[] {
  return [...pathsOf(pod)]
    .filter(([first]) => first !== 'apiVersion' && first !== 'kind')
    .flatMap((path, place) => {
      const there = path.reduce((value, key) => (value as Record<string | number, unknown>)[key], pod);
      // Every string gets a fifth of the words: fields that are alike get the others.
      const some = words.filter((_, index) => typeof there === 'string' && (place + index) % 5 === 0);
      return [...values, ...some].map((value) => ({ path, value }));
    });
}

describe('what is a valid pod', () => {
  const admission = 'apiServer: {extraArgs: [{name: disable-admission-plugins, value: "ServiceAccount,RuntimeClass"}]}';
  let plane: Plane | undefined;
  let refusalOfServer: (body: string) => Promise<string | undefined>;
  before(async () => {
    plane = new Plane('process', { cluster: admission });
    expectCode(await plane.init(), 0);
    const admin = parseKubeconfig(readFileSync(plane.path('etc/kubernetes/admin.conf'), 'utf8'));
    const { server, ca = '', clientCertificate = '', clientKey = '' } = admin;
    refusalOfServer = async (body) => {
      const headers = { 'content-type': 'application/json' };
      const options = { method: 'POST', headers, body, ca, clientCertificate, clientKey, keepAlive: true };
      const answer = await nodeHost.request(`${server}/api/v1/namespaces/default/pods?dryRun=All`, options);
      return answer.status === 201 ? undefined : Buffer.from(answer.body).toString();
    };
  });
  after(() => plane?.destroy());

  const differenceIn = async (pod: unknown, { path, value }: Case): Promise<string | undefined> => {
    const changed = withValue(pod, path, value);
    // As data: reading the text would cost ten times what the check does.
    const document = { value: changed, position: () => undefined };
    const ours = errorsOf(decodePodDocument(document, 'pod.json').findings).map(renderFinding);
    const theirs = await refusalOfServer(JSON.stringify(changed));
    const what = `${path.join('.')} ${JSON.stringify(value)}`;
    if ((theirs === undefined) === (ours.length === 0) || knownDifferences.test(what)) return undefined;
    return `${what}\n  API server: ${theirs ?? 'accepted'}\n  ours: ${ours.join('\n') || 'accepted'}`;
  };

  for (const name of corpus) {
    test(`is the same to us and to the API server, whichever value of ${name} is changed`, async () => {
      const pod = fixture(name);
      assert.equal(await refusalOfServer(JSON.stringify(pod)), undefined);
      const waiting = [...casesOf(pod)];
      assert.ok(waiting.length > 150, `${waiting.length} cases`);
      const differences: string[] = [];
      const lane = async () => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
          const difference = await differenceIn(pod, next);
          if (difference !== undefined) differences.push(difference);
        }
      };
      await Promise.all(Array.from({ length: lanes }, lane));
      assert.equal(differences.join('\n'), '');
    });
  }
});
