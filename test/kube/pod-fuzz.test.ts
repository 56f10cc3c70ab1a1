import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { errorsOf } from '../../src/base/diagnostics.ts';
import { shortHash } from '../../src/base/hash.ts';
import { type DecodedPod, decodePod } from '../../src/kube/pod.ts';
import { parseJsonOrYaml, toYaml } from '../../src/kube/yaml.ts';
import { mutateBytes, mutateText, mutateValue } from '../fakes/manifest-mutations.ts';
import { type Random, randomOf } from '../fakes/random.ts';

const count = Number(process.env.FUZZ_CASES ?? 20_000);
const seed = Number(process.env.FUZZ_SEED ?? 1);
/** Far above what one takes, far below what would be noticed as hanging. */
const longestMs = 5000;

const small = `# a static pod
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: &labels {app: web}
spec:
  nodeSelector: *labels
  containers:
  - name: main
    image: "example/app:1"
    args:
    - '--a'
    - "b # c"
    - |
      text
      more
    env: [{name: A, value: "1"}]
    ports:
    - containerPort: 80
  volumes:
  - name: v
    emptyDir: {}
`;
const another = toYaml({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'x', namespace: 'kube-system', annotations: { 'a/b': 'multi\nline\n' } },
  spec: {
    hostNetwork: true,
    initContainers: [{ name: 'init', image: 'i:1', restartPolicy: 'Always', startupProbe: { grpc: { port: 9 } } }],
    containers: [
      {
        name: 'c',
        image: 'c:1',
        resources: { requests: { cpu: '10m' }, limits: { cpu: 1 } },
        livenessProbe: { httpGet: { path: '/x', port: 'web', host: '127.0.0.1' }, periodSeconds: 5 },
        volumeMounts: [{ name: 'h', mountPath: '/h', readOnly: true }],
        securityContext: { runAsUser: 1000, capabilities: { drop: ['ALL'] } },
      },
    ],
    volumes: [{ name: 'h', hostPath: { path: '/srv', type: 'Directory' } }],
    tolerations: [{ operator: 'Exists' }],
  },
});
const large = readFileSync(join(import.meta.dirname, '../fixtures/pods/every-field.yaml'), 'utf8');

const bases = [small, another, large].map((text) => ({ text, bytes: Buffer.from(text), value: parseJsonOrYaml(text) }));

/** Mostly from the small manifest: the others take longer. */
function inputOf(random: Random): string {
  const base = bases[random.below(1000) === 0 ? 2 : random.below(4) === 0 ? 1 : 0];
  if (base === undefined) return '';
  const kind = random.below(10);
  if (kind < 4) return mutateText(base.text, random);
  if (kind < 6) return Buffer.from(mutateBytes(base.bytes, random)).toString();
  const value = mutateValue(base.value, random);
  if (kind < 8) return JSON.stringify(value);
  return kind === 8 ? stringify(value) : mutateText(JSON.stringify(value), random);
}

/** What is wrong with an answer. */
function faultOf(text: string, { pod, findings }: DecodedPod): string | undefined {
  const lines = text.split('\n');
  for (const { file, line, column, severity, message } of findings) {
    if (file !== 'web.yaml' || message === '') return `finding without file or message: ${message}`;
    if (severity === 'error' && line === undefined && text.trim() !== '') return `no place: ${message}`;
    if (line === undefined || column === undefined) continue;
    const inside = line >= 1 && line <= lines.length && column >= 1 && column <= (lines[line - 1] ?? '').length + 1;
    if (!inside) return `${line}:${column} is outside of the file: ${message}`;
  }
  if ((pod === undefined) !== errorsOf(findings).length > 0) return 'a pod with errors, or none without';
  if (pod !== undefined) shortHash(parseJsonOrYaml(text));
  // Reading again takes as long as the rest: one pod in four.
  if (pod === undefined || text.length % 4 !== 0) return undefined;
  const again = decodePod(JSON.stringify(pod), 'web.yaml');
  if (again.pod === undefined) return `accepted, but refused when read again: ${JSON.stringify(again.findings)}`;
  return JSON.stringify(again.pod) === JSON.stringify(pod) ? undefined : 'another pod when read again';
}

describe('manifests of any bytes', () => {
  test(`are decoded or refused with a place inside the file, never with a crash (${count} inputs)`, (t) => {
    const random = randomOf(seed);
    let accepted = 0;
    for (let index = 0; index < count; index++) {
      const text = inputOf(random);
      const beganMs = performance.now();
      let fault: string | undefined;
      try {
        const decoded = decodePod(text, 'web.yaml');
        accepted += decoded.pod === undefined ? 0 : 1;
        fault = faultOf(text, decoded);
      } catch (thrown) {
        fault = `threw ${thrown instanceof Error ? thrown.stack : String(thrown)}`;
      }
      const tookMs = performance.now() - beganMs;
      if (tookMs > longestMs) fault ??= `took ${Math.round(tookMs)} ms`;
      if (fault !== undefined) assert.fail(`seed ${seed}, input ${index}: ${fault}\n${JSON.stringify(text)}`);
    }
    // Neither nearly all nor nearly none: the mutations go deep enough and not too deep.
    t.diagnostic(`${accepted} accepted`);
    assert.ok(accepted > count / 50 && accepted < count * 0.7, `${accepted} of ${count} accepted`);
  });
});
