import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { anAuthority } from '../fakes/tls-parties.ts';
import { eventually, expectCode } from './support/command.ts';
import { runtimes } from './support/engine.ts';
import {
  agnhost,
  asApiServer,
  askKubelet,
  kubectlRunning,
  metricsServerRole,
  shell,
  startPod,
  transports,
  upgradeStatus,
} from './support/kubelet-client.ts';
import { Plane } from './support/plane.ts';
import { streamingCases } from './support/streaming-cases.ts';

for (const runtime of runtimes(['process'])) {
  describe(`the kubelet API on ${runtime}`, () => {
    const plane = new Plane(runtime);
    const httpPort = Number(plane.ports.kubeletApi) + 1;
    const printed = async (...args: readonly string[]) => expectCode(await plane.kubectl(args), 0).stdout;

    before(async () => {
      expectCode(await plane.init(), 0);
      const directory = plane.scratch('end');
      const waits = 'while [ ! -e "$END" ]; do sleep 0.2; done';
      await startPod(plane, 'web', {
        volumes: [{ name: 'end', hostPath: { path: directory } }],
        containers: [
          { name: 'web', image: agnhost, command: ['/agnhost', 'netexec', `--http-port=${httpPort}`, '--udp-port=-1'] },
          shell('teller', `echo one; echo two; echo three; ${waits}; echo end; exit 1`, {
            env: [{ name: 'END', value: `${directory}/now` }],
            volumeMounts: [{ name: 'end', mountPath: directory }],
          }),
          shell('reader', 'while read line; do echo "read $line"; done; sleep 1000', { stdin: true }),
          shell('ticker', 'while :; do echo tick; sleep 0.2; done'),
        ],
      });
    });
    after(() => plane.destroy());

    test('logs: whole, the last lines, so many bytes', async () => {
      const logs = ['logs', 'web-node1', '-c', 'teller'];
      assert.equal(await printed(...logs), 'one\ntwo\nthree\n');
      assert.equal(await printed(...logs, '--tail=1'), 'three\n');
      assert.equal(await printed(...logs, '--limit-bytes=5'), 'one\nt');
      const timed = await printed(...logs, '--timestamps');
      // A bare program's log has no times.
      assert.match(timed, runtime === 'process' ? /^one\n/ : /^\d{4}-\d\d-\d\dT\S{18,}Z one\n/);
      const none = await plane.kubectl([...logs, '--previous']);
      assert.match(none.stderr, /previous terminated container "teller" in pod "web-node1" not found/);
    });

    test('logs -f goes on with what is written', async () => {
      const following = kubectlRunning(plane, ['logs', '-f', 'web-node1', '-c', 'ticker', '--tail=0']);
      await eventually('three further lines come', () => /tick\ntick\ntick\n/.test(following.said()) || undefined);
      await following.stop();
    });

    test('logs -f ends with the container, and its log is the previous one then', async () => {
      const following = kubectlRunning(plane, ['logs', '-f', 'web-node1', '-c', 'teller']);
      await eventually('what is there comes at once', () => following.said().includes('three') || undefined);
      writeFileSync(`${plane.scratch('end')}/now`, '');
      assert.equal(await following.ended, 0);
      assert.equal(following.said(), 'one\ntwo\nthree\nend\n');
      const previous = await eventually('the container is restarted', async () => {
        const ran = await plane.kubectl(['logs', 'web-node1', '-c', 'teller', '--previous']);
        return ran.code === 0 ? ran.stdout : undefined;
      });
      assert.equal(previous, 'one\ntwo\nthree\nend\n');
    });

    for (const transport of transports) streamingCases({ plane, runtime, httpPort, transport });

    test('nobody is anonymous: no certificate, another authority’s, an unknown token', async () => {
      const { certificate, key } = anAuthority('kubernetes').issue('kube-apiserver-kubelet-client', {
        organizations: ['system:masters'],
      });
      const strangers = [
        {},
        { clientCertificate: certificate, clientKey: key },
        { headers: { authorization: 'Bearer stranger' } },
      ];
      for (const stranger of strangers) {
        for (const path of [
          '/pods',
          '/metrics',
          '/healthz',
          '/containerLogs/default/web-node1/web',
          '/exec/default/web-node1/web',
        ]) {
          assert.deepEqual(await askKubelet(plane, path, stranger), { status: 401, text: 'Unauthorized' });
        }
      }
    });

    test('metrics-server, with the rights it has, reads /metrics/resource and nothing else', async () => {
      expectCode(await plane.kubectl(['apply', '-f', '-'], metricsServerRole), 0);
      const token = (await printed('-n', 'kube-system', 'create', 'token', 'metrics-server')).trim();
      const as = { headers: { authorization: `Bearer ${token}` } };
      const { status, text } = await eventually(
        'its binding counts',
        async () => {
          const answer = await askKubelet(plane, '/metrics/resource', as);
          return answer.status === 200 ? answer : undefined;
        },
        45_000,
      );
      assert.equal(status, 200);
      const figure = (name: string, labels = '') =>
        Number(new RegExp(`^${name}${labels} (\\S+)( \\d+)?$`, 'm').exec(text)?.[1]);
      const etcd = '{container="etcd",namespace="kube-system",pod="etcd-node1"}';
      for (const name of ['node_cpu_usage_seconds_total', 'node_memory_working_set_bytes'])
        assert.ok(figure(name) > 0, name);
      for (const name of [
        'container_cpu_usage_seconds_total',
        'container_memory_working_set_bytes',
        'container_start_time_seconds',
      ]) {
        assert.ok(figure(name, etcd) > 0, `${name} of etcd in\n${text}`);
      }
      assert.equal(figure('resource_scrape_error'), 0);
      assert.equal((await askKubelet(plane, '/pods', as)).status, 403);
      assert.equal((await askKubelet(plane, '/exec/default/web-node1/web', as)).status, 403);
    });

    test('the API server’s certificate opens everything', async () => {
      const read = async (path: string) => JSON.parse((await askKubelet(plane, path, asApiServer(plane))).text);
      const { node, pods } = await read('/stats/summary');
      assert.equal(node.nodeName, 'node1');
      assert.ok(pods.some((pod: { podRef: { name: string } }) => pod.podRef.name === 'web-node1'));
      assert.equal((await read('/configz')).kubeletconfig.port, plane.ports.kubeletApi);
      for (const path of ['/pods', '/runningpods/']) {
        const names = (await read(path)).items.map((pod: { metadata: { name: string } }) => pod.metadata.name);
        assert.ok(names.includes('web-node1') && names.includes('etcd-node1'), `${names}`);
      }
      const { text } = await askKubelet(plane, '/healthz', asApiServer(plane));
      assert.equal(text, 'ok');
    });

    test('a path may carry the mirror’s UID or the pod’s own, and no other', async () => {
      const mirror = await printed('get', 'pod', 'web-node1', '-o', 'jsonpath={.metadata.uid}');
      const own = await printed(
        'get',
        'pod',
        'web-node1',
        '-o',
        'jsonpath={.metadata.annotations.kubernetes\\.io/config\\.hash}',
      );
      const status = (uid: string) => upgradeStatus(plane, `/exec/default/web-node1/${uid}/web?command=true&output=1`);
      assert.deepEqual([await status(mirror), await status(own), await status('other')], [101, 101, 404]);
    });
  });
}
