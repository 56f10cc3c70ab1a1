import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { renderFinding } from '../../src/base/diagnostics.ts';
import { UsageError } from '../../src/base/errors.ts';
import { nodeHost } from '../../src/host/node-host.ts';
import { renderManifests } from '../../src/manifests/render.ts';
import { readTemplates } from '../../src/manifests/templates.ts';
import { changedTemplate, manifestInput } from '../fakes/manifest-builders.ts';

/** What rendering with one changed template refuses: the message and all findings. */
async function refusal(name: string, change: (text: string) => string): Promise<string> {
  const input = await manifestInput({ templates: await changedTemplate(name, change) });
  return renderManifests(input).then(
    () => assert.fail('it was accepted'),
    (thrown) => {
      assert.ok(thrown instanceof UsageError, String(thrown));
      return [thrown.message, ...thrown.findings.map(renderFinding)].join('\n');
    },
  );
}

function lineOf(text: string, part: string): number {
  return text.split('\n').findIndex((line) => line.includes(part)) + 1;
}

describe('a mistake in a template is refused with the file and line', () => {
  test('for a name that there is not', async () => {
    let line = 0;
    const text = await refusal('etcd', (template) => {
      line = lineOf(template, '--data-dir');
      return template.replace('{{dataDir}}', '{{dataDirectory}}');
    });
    assert.match(text, new RegExp(`etcd\\.yaml\\.hbs:${line}: "dataDirectory" not defined for this template`));
  });

  test('for a name that there is not, in a partial', async () => {
    const text = await refusal('http-get', (template) => template.replace('{{probe.scheme}}', '{{probe.schema}}'));
    assert.match(text, /partials\/http-get\.hbs:7: "schema" not defined/);
  });

  test('for a helper that there is not', async () => {
    const text = await refusal('kube-scheduler', (template) => template.replace('{{image}}', '{{upper image}}'));
    assert.match(
      text,
      /kube-scheduler\.yaml\.hbs:\d+: You specified knownHelpersOnly, but used the unknown helper upper/,
    );
  });

  test('for a block that does not end', async () => {
    const text = await refusal('kube-apiserver', (template) => template.replace('{{/unless}}', ''));
    assert.match(text, /kube-apiserver\.yaml\.hbs:\d+: /);
  });

  test('for a partial that there is not', async () => {
    const text = await refusal('etcd', (template) => template.replace('{{> control-plane-pod}}', '{{> pod-common}}'));
    assert.match(text, /etcd\.yaml\.hbs.*: The partial pod-common could not be found/);
  });

  test('for text that is no YAML', async () => {
    let line = 0;
    const text = await refusal('etcd', (template) => {
      line = lineOf(template, 'imagePullPolicy');
      return template.replace('imagePullPolicy: IfNotPresent', 'imagePullPolicy: a: b');
    });
    assert.match(text, new RegExp(`etcd\\.yaml\\.hbs:${line}: error: not valid YAML`));
  });

  test('for a field that there is not, with the one that was meant', async () => {
    let line = 0;
    const text = await refusal('kube-apiserver', (template) => {
      line = lineOf(template, 'imagePullPolicy');
      return template.replace('imagePullPolicy', 'imagePulPolicy');
    });
    assert.match(
      text,
      new RegExp(`kube-apiserver\\.yaml\\.hbs:${line}: error: spec\\.containers\\[0\\]\\.imagePulPolicy`),
    );
    assert.match(text, /did you mean imagePullPolicy\?/);
  });

  test('for a value of the wrong type in a partial, with the line of the partial', async () => {
    const text = await refusal('control-plane-pod', (template) =>
      template.replace('hostNetwork: true', 'hostNetwork: 1'),
    );
    assert.match(text, /partials\/control-plane-pod\.hbs:1: error: spec\.hostNetwork: expected true or false/);
    assert.match(text, /in the rendered line: hostNetwork: 1/);
  });

  test('for a Pod that no API server would take', async () => {
    const text = await refusal('kube-scheduler', (template) =>
      template.replace('name: probe-port', 'name: Probe_Port'),
    );
    assert.match(text, /kube-scheduler: template, extra settings and patches together make no valid Pod/);
    assert.match(
      text,
      /kube-scheduler\.yaml: error: spec\.containers\[0\]\.ports\[0\]\.name: invalid value: "Probe_Port"/,
    );
  });
});

describe('a directory of templates', () => {
  let directory = '';
  const put = (name: string, text: string) => {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  };
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'templates-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  test('replaces ours file by file, in our layout and flat', async () => {
    const ours = await readTemplates(nodeHost);
    const scheduler = ours.manifests.get('kube-scheduler')?.text ?? '';
    put('manifests/kube-scheduler.yaml.hbs', scheduler.replace('--leader-elect=true', '--leader-elect=false'));
    put('partials/readiness.hbs', 'failureThreshold: 7\n{{> http-get}}\nperiodSeconds: 2\n');
    const templates = await readTemplates(nodeHost, directory);
    assert.deepEqual(templates.warnings, []);
    assert.equal(templates.manifests.get('etcd')?.path, ours.manifests.get('etcd')?.path);
    const manifests = await renderManifests(await manifestInput({ templates }));
    const container = manifests.find(({ component }) => component === 'kube-scheduler')?.pod.spec.containers[0];
    assert.ok(container?.command?.includes('--leader-elect=false'));
    assert.equal(container?.readinessProbe?.failureThreshold, 7);
  });

  test('is told of a file that replaces nothing', async () => {
    put('kube-dns.yaml.hbs', '');
    const { warnings } = await readTemplates(nodeHost, directory);
    assert.match(
      warnings.join('\n'),
      /kube-dns\.yaml\.hbs overrides nothing: known templates are etcd, kube-apiserver/,
    );
  });

  test('is refused when it is not there', async () => {
    await assert.rejects(readTemplates(nodeHost, join(directory, 'nowhere')), /nowhere: no such directory/);
  });
});

describe('values of the configuration', () => {
  const awkward = [
    'a: b',
    'x #y',
    "it's",
    '"quoted"',
    '{{image}}',
    'yes',
    '0x1f',
    '- item',
    '&a',
    '*',
    'a\nb',
    ' padded ',
  ];
  for (const clusterName of awkward) {
    test(`stand in the manifest as they are: ${JSON.stringify(clusterName)}`, async () => {
      const input = await manifestInput();
      const config = { ...input.config, cluster: { ...input.config.cluster, clusterName } };
      const manifests = await renderManifests({ ...input, config });
      const manager = manifests.find(({ component }) => component === 'kube-controller-manager');
      assert.ok(manager?.pod.spec.containers[0]?.command?.includes(`--cluster-name=${clusterName}`));
    });
  }
});
