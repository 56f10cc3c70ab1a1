import { dirname } from 'node:path';
import { backOff } from '../../base/back-off.ts';
import type { KubeClient } from '../../kube/client.ts';
import { explainApiProblem } from '../api/explain-problem.ts';
import { currentPairPath, writeCurrentPair } from './certificate-files.ts';
import type { CertificatePair } from './certificate-tools.ts';
import type { CredentialDoors } from './credentials-keeper.ts';
import { type DescribedPair, rotationTime } from './plan-credentials.ts';
import { requestCertificate } from './request-certificate.ts';

type Doors = CredentialDoors;

const againMs = 60_000;

/** Gets client certificates from the cluster: the first with a bootstrap kubeconfig, each further one with the last. */
export class ClientCertificates {
  readonly #doors: Doors;
  readonly #wait: ReturnType<typeof backOff>;
  #rotation: { readonly fingerprint: string; readonly atMs: number } | undefined;
  #notBeforeTicks = 0;

  constructor(doors: Doors) {
    this.#doors = doors;
    this.#wait = backOff({ firstMs: 5_000, maxMs: 10 * 60_000, random: doors.random });
  }

  /** Milliseconds until it is to be renewed; undefined for one that the cluster does not renew: another's than this node's. */
  dueIn({ facts }: DescribedPair): number | undefined {
    const { rotate, random, clock } = this.#doors;
    if (!rotate || facts.commonName !== this.user()) return undefined;
    if (this.#rotation?.fingerprint !== facts.fingerprint) {
      this.#rotation = { fingerprint: facts.fingerprint, atMs: rotationTime(facts, random) };
    }
    return this.#rotation.atMs - clock.now();
  }

  /** False when there is none yet. */
  async renew(client: KubeClient, origin: string | undefined, signal: AbortSignal): Promise<boolean> {
    return this.#once('rotation', client.server, async () => {
      await this.store(await this.#ask(client, signal), origin);
      this.#doors.log.info('the client certificate was renewed');
    });
  }

  /** Gets the first one and writes the kubeconfig with it; false when there is none yet. */
  async bootstrap(path: string, signal: AbortSignal): Promise<boolean> {
    const { makeClient, host, kubeconfig, certDirectory, log } = this.#doors;
    const access = await this.#doors.readAccess(path);
    if (access === undefined) return false;
    return this.#once('bootstrap', access.server, async () => {
      await this.store(await this.#ask(makeClient(access, signal), signal), undefined);
      const pairPath = currentPairPath(certDirectory, 'client');
      const text = this.#doors.kubeconfigText(access, { user: this.user(), pairPath });
      await host.makeDirectory(dirname(kubeconfig));
      await host.writeFile(kubeconfig, text, { mode: 0o600 });
      log.info(`got a client certificate with ${path}, wrote ${kubeconfig}`);
    });
  }

  /** `origin`: the certificate in the kubeconfig. */
  async store({ certificate, key }: CertificatePair, origin: string | undefined): Promise<void> {
    const { host, certDirectory, clock } = this.#doors;
    const about = { dir: certDirectory, kind: 'client', nowMs: clock.now() } as const;
    await writeCurrentPair(host, about, { certificate, key, origin });
  }

  user(): string {
    return `system:node:${this.#doors.api.nodeName}`;
  }

  /** Not again before the back-off has passed; false when it did not work. */
  async #once(speaker: 'rotation' | 'bootstrap', server: string, work: () => Promise<void>): Promise<boolean> {
    const { api, clock, log } = this.#doors;
    if (clock.ticks() < this.#notBeforeTicks) return false;
    try {
      await work();
    } catch (thrown) {
      this.#notBeforeTicks = clock.ticks() + this.#wait.next();
      const problem = `no client certificate could be had: ${explainApiProblem(thrown, server)}`;
      if (api.setProblem(speaker, problem)) log.warn(problem);
      return false;
    }
    api.setProblem(speaker, undefined);
    this.#wait.reset();
    // A signer whose certificates are due at once is not asked in a hot loop.
    this.#notBeforeTicks = clock.ticks() + againMs;
    return true;
  }

  async #ask(client: KubeClient, signal: AbortSignal): Promise<CertificatePair> {
    const { tools, clock } = this.#doors;
    const { key, request } = await tools.request({
      commonName: this.user(),
      organizations: ['system:nodes'],
      sans: [],
    });
    return { certificate: await requestCertificate({ client, clock, signal }, 'client', request), key };
  }
}
