import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ApiState } from '../../../src/agent/api/agent-api.ts';
import type { CertificateTools } from '../../../src/agent/credentials/certificate-tools.ts';
import { CredentialsKeeper } from '../../../src/agent/credentials/credentials-keeper.ts';
import type { ClusterAccess } from '../../../src/kube/client.ts';
import { refused } from '../../fakes/api-errors.ts';
import { FakeApi } from '../../fakes/fake-api.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';
import { recordingLog } from '../../fakes/recording-log.ts';

const minuteMs = 60_000;
const kubeconfig = '/etc/kubernetes/kubelet.conf';
const bootstrapKubeconfig = '/etc/kubernetes/bootstrap-kubelet.conf';
const current = '/pki/kubelet-client-current.pem';

/** Certificates are `name from to` in minutes of 2026, kubeconfigs JSON; requests are signed at once unless `silent`. */
class World {
  readonly clock = new FakeClock();
  readonly host = new MemoryHost({ '/etc/kubernetes/kept': '' });
  readonly server = new FakeApi();
  readonly api = new ApiState('node1');
  readonly log = recordingLog();
  readonly over = new AbortController();
  readonly used: ClusterAccess[] = [];
  readonly ended: AbortSignal[] = [];
  requests = 0;
  signer: 'signs' | 'silent' | 'denies' = 'signs';
  #done: Promise<void> = Promise.resolve();

  start(options: { readonly bootstrap?: boolean; readonly rotate?: boolean } = {}): Promise<void> {
    this.server.fault = (call) => {
      const [, name] = /^GET .*(csr-\w+)$/.exec(call) ?? [];
      if (name !== undefined) this.#sign(name);
      return undefined;
    };
    const keeper = new CredentialsKeeper({
      ...{ api: this.api, clock: this.clock, log: this.log, random: () => 0.5, host: this.host, kubeconfig },
      bootstrapKubeconfig: options.bootstrap ? bootstrapKubeconfig : undefined,
      certDirectory: '/pki',
      rotate: options.rotate ?? true,
      tools: this.#tools(),
      readAccess: async (path) => {
        const text = await this.host.readText(path);
        if (text === undefined) return undefined;
        const parsed = JSON.parse(text) as ClusterAccess & { readonly file?: string };
        const pem = parsed.file === undefined ? undefined : await this.host.readText(parsed.file);
        return pem === undefined ? parsed : { ...parsed, clientCertificate: pem, clientKey: pem };
      },
      makeClient: (access, signal) => {
        this.used.push(access);
        this.ended.push(signal);
        return this.server.client();
      },
      kubeconfigText: ({ server }, { user, pairPath }) => JSON.stringify({ server, user, file: pairPath }),
    });
    this.#done = keeper.run(this.over.signal);
    return this.clock.advance(0);
  }

  async end(): Promise<void> {
    this.over.abort();
    await this.clock.advance(0);
    await this.#done;
  }

  /** Writes a kubeconfig with a certificate that holds from one minute to another. */
  async kubeconfig(from: number, to: number, user = 'system:node:node1'): Promise<void> {
    this.host.nowMs = this.clock.now();
    const clientCertificate = `${user} ${from} ${to}`;
    await this.host.writeFile(
      kubeconfig,
      JSON.stringify({ server: this.server.server, clientCertificate, clientKey: 'K' }),
    );
  }

  certificate(): string | undefined {
    return this.used.at(-1)?.clientCertificate?.split('\n')[0];
  }

  #tools(): CertificateTools {
    return {
      describe: ({ certificate }) => {
        const [, commonName = '', from, to] = /^(\S+) (-?[\d.]+) (-?[\d.]+)/.exec(certificate) ?? [];
        if (from === undefined) return undefined;
        const ms = (minute: string | undefined) => Date.UTC(2026, 0, 1) + Number(minute) * minuteMs;
        const [line = ''] = certificate.split('\n');
        return { commonName, fingerprint: line.replaceAll(' ', '_'), notBeforeMs: ms(from), notAfterMs: ms(to) };
      },
      request: async ({ commonName }) => {
        this.requests += 1;
        return { key: `key ${this.requests}`, request: `${commonName} asks ${this.requests}` };
      },
      selfSign: () => assert.fail('nothing is served here'),
    };
  }

  #sign(name: string): void {
    const path = `/apis/certificates.k8s.io/v1/certificatesigningrequests/${name}`;
    const found = this.server.objects.get(path);
    if (found === undefined || this.signer === 'silent' || found.status !== undefined) return;
    const minute = (this.clock.now() - Date.UTC(2026, 0, 1)) / minuteMs;
    const certificate = Buffer.from(`system:node:node1 ${minute} ${minute + 100}`).toString('base64');
    const denied = { conditions: [{ type: 'Denied', message: 'not you' }] };
    this.server.put(path, { ...found, status: this.signer === 'denies' ? denied : { certificate } });
  }
}

describe('the credentials of the agent', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.end());

  test('that are missing or broken are said once each, never quoted, and taken when they come', async () => {
    await world.start();
    await world.clock.advance(60_000);
    const [missing = ''] = world.log.warnings;
    assert.equal(
      missing,
      `--kubeconfig ${kubeconfig} is not there: static pods run without an API server; it is looked for again every 20 s`,
    );
    assert.equal(world.api.problem(), missing);
    assert.equal(world.api.client(), undefined);
    await world.host.writeFile(kubeconfig, JSON.stringify({ server: 'https://x' }));
    await world.clock.advance(20_000);
    assert.equal(
      world.log.warnings[1],
      `--kubeconfig ${kubeconfig}: holds neither a client certificate with its key nor a token`,
    );
    await world.kubeconfig(-1, 364);
    await world.clock.advance(60_000);
    assert.ok(world.api.client() !== undefined);
    assert.equal(world.api.problem(), undefined);
    assert.equal(world.log.warnings.length, 2);
  });

  test('are taken the moment that the file is written', async () => {
    await world.start();
    await world.kubeconfig(-1, 364);
    await world.clock.advance(0);
    assert.ok(world.api.client() !== undefined);
  });

  test('that have changed mean another client, and end what runs with the old one', async () => {
    await world.kubeconfig(-1, 364);
    await world.start();
    const before = world.api.client();
    await world.clock.advance(60_000);
    assert.equal(world.api.client(), before);
    assert.equal(world.used.length, 1);
    await world.kubeconfig(0, 365);
    await world.clock.advance(20_000);
    assert.notEqual(world.api.client(), before);
    assert.deepEqual(
      world.ended.map(({ aborted }) => aborted),
      [true, false],
    );
  });

  test('that are in the kubeconfig are kept where rotated ones are, in one private file', async () => {
    await world.kubeconfig(-1, 364);
    await world.start();
    const link = await world.host.readLink(current);
    assert.equal(link, 'kubelet-client-2026-01-01-00-00-00.pem');
    assert.equal((await world.host.stat(current))?.mode, 0o600);
    assert.match((await world.host.readText(current)) ?? '', /^system:node:node1 -1 364\nK\norigin: \S+\n$/);
    await world.clock.advance(600_000);
    const written = world.host.mutations.filter(({ path }) => /\d\.pem$/.test(path));
    assert.equal(written.length, 1, 'written once');
  });

  test('are renewed after 80 % of their life (by chance 70 to 90), with a new key and a new client', async () => {
    await world.kubeconfig(0, 100);
    await world.start();
    await world.clock.advance(79 * minuteMs);
    assert.equal(world.requests, 0);
    await world.clock.advance(1 * minuteMs + 60_000);
    assert.equal(world.requests, 1);
    assert.match(world.certificate() ?? '', /^system:node:node1 80/);
    assert.match(world.used.at(-1)?.clientKey ?? '', /key 1/);
    assert.deepEqual(
      world.ended.map(({ aborted }) => aborted),
      [true, false],
    );
    assert.match((await world.host.readText(current)) ?? '', /^system:node:node1 80/);
    const request = [...world.server.objects.values()][0] as unknown as { spec: Record<string, unknown> };
    assert.deepEqual(
      [request.spec.signerName, request.spec.usages],
      ['kubernetes.io/kube-apiserver-client-kubelet', ['digital signature', 'client auth']],
    );
    await world.clock.advance(70 * minuteMs);
    assert.equal(world.requests, 1);
  });

  test('that nobody approves are asked for in a new request only after 15 minutes, and that is said', async () => {
    world.signer = 'silent';
    await world.kubeconfig(-9000, 1000);
    await world.start();
    await world.clock.advance(14 * 60_000);
    assert.equal(world.requests, 1);
    await world.clock.advance(3_600_000);
    assert.ok(world.requests <= 5, `${world.requests} requests in an hour`);
    assert.match(
      world.api.problem() ?? '',
      /no client certificate could be had: .* is not approved: kubectl certificate approve csr-/,
    );
    world.signer = 'signs';
    await world.clock.advance(45 * 60_000);
    assert.match(world.certificate() ?? '', /^system:node:node1 \d/);
    assert.equal(world.api.problem(), undefined);
  });

  test('whose renewal is denied hold on, and are asked for less and less often', async () => {
    world.signer = 'denies';
    await world.kubeconfig(-9000, 1000);
    await world.start();
    await world.clock.advance(3_600_000);
    assert.match(world.api.problem() ?? '', /was denied: not you/);
    assert.ok(world.requests > 3 && world.requests < 25, `${world.requests} requests in an hour`);
    assert.equal(world.certificate(), 'system:node:node1 -9000 1000');
    assert.ok(world.api.client() !== undefined);
  });

  test('of somebody else, or with rotation off, are not renewed', async () => {
    await world.kubeconfig(-9000, 1000, 'kubernetes-admin');
    await world.start();
    await world.clock.advance(60 * minuteMs);
    assert.equal(world.requests, 0);
    assert.equal(await world.host.readText(current), undefined);
  });

  test('that have expired are said, and tried all the same', async () => {
    await world.kubeconfig(-100, -1);
    await world.start({ rotate: false });
    assert.match(world.api.problem() ?? '', /kubelet\.conf: its client certificate has expired on 2025-12-31T23:59/);
    assert.ok(world.api.client() !== undefined);
  });
});

describe('the first credentials', () => {
  let world: World;
  beforeEach(async () => {
    world = new World();
    await world.host.writeFile(bootstrapKubeconfig, JSON.stringify({ server: world.server.server, token: 't' }));
  });
  afterEach(() => world.end());

  test('are asked for with the bootstrap token, and the kubeconfig is written with them', async () => {
    await world.start({ bootstrap: true });
    await world.clock.advance(1_000);
    assert.equal(world.used[0]?.token, 't');
    assert.deepEqual(JSON.parse((await world.host.readText(kubeconfig)) ?? ''), {
      server: world.server.server,
      user: 'system:node:node1',
      file: current,
    });
    assert.equal((await world.host.stat(kubeconfig))?.mode, 0o600);
    assert.match(world.certificate() ?? '', /^system:node:node1 0/);
    assert.equal(world.api.problem(), undefined);
  });

  test('are asked for again when the former ones have expired', async () => {
    await world.kubeconfig(-100, -1);
    await world.start({ bootstrap: true });
    await world.clock.advance(1_000);
    assert.match(world.certificate() ?? '', /^system:node:node1 0/);
  });

  test('wait for an API server that is down, with back-off, and say so', async () => {
    await world.start({ bootstrap: true });
    world.server.fault = refused;
    await world.end();
    world = new World();
    await world.host.writeFile(bootstrapKubeconfig, JSON.stringify({ server: world.server.server, token: 't' }));
    const started = world.start({ bootstrap: true });
    world.server.fault = refused;
    await started;
    await world.clock.advance(3_600_000);
    assert.match(world.api.problem() ?? '', /no client certificate could be had: API server .* \(connection refused\)/);
    const asked = world.server.calls.filter((call) => call.startsWith('POST')).length;
    assert.ok(asked > 3 && asked < 30, `${asked} requests in an hour`);
    assert.equal(world.log.warnings.filter((line) => /could be had/.test(line)).length, 1);
  });
});
