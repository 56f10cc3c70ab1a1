import { basename, dirname } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { canonicalJson } from '../../base/hash.ts';
import type { Log } from '../../base/log.ts';
import { Waker } from '../../base/waker.ts';
import type { Host } from '../../host/host.ts';
import type { ClusterAccess, KubeClient } from '../../kube/client.ts';
import type { ApiState } from '../api/agent-api.ts';
import { readCurrentPair } from './certificate-files.ts';
import type { CertificatePair, CertificateTools } from './certificate-tools.ts';
import { ClientCertificates } from './client-certificates.ts';
import { type CredentialsPlan, type DescribedPair, planCredentials } from './plan-credentials.ts';

export type CredentialDoors = {
  readonly api: ApiState;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly host: Pick<Host, 'readText' | 'watch' | 'writeFile' | 'makeDirectory' | 'makeSymlink' | 'rename' | 'remove'>;
  readonly kubeconfig: string;
  /** Says how to ask for the first client certificate while `kubeconfig` is not there. */
  readonly bootstrapKubeconfig: string | undefined;
  readonly certDirectory: string;
  /** Whether the client certificate is renewed by the cluster. */
  readonly rotate: boolean;
  readonly tools: CertificateTools;
  /** Throws when the file is broken; undefined when it is not there. */
  readAccess(path: string): Promise<ClusterAccess | undefined>;
  /** Requests end with the signal. */
  makeClient(access: ClusterAccess, signal: AbortSignal): KubeClient;
  /** The text of a kubeconfig whose client certificate is in that file. */
  kubeconfigText(access: ClusterAccess, about: { readonly user: string; readonly pairPath: string }): string;
};

const lookEveryMs = 20_000;
const without = 'static pods run without an API server; it is looked for again every 20 s';

/**
 * Keeps the client of the API server: reads the kubeconfig whenever it changes, has its certificate renewed in time, and
 * gets the first one with a bootstrap kubeconfig. Each of them is tried again, and none is waited for by a pod.
 */
export class CredentialsKeeper {
  readonly #doors: CredentialDoors;
  readonly #certificates: ClientCertificates;
  readonly #waker = new Waker();
  #current: { readonly key: string; readonly close: () => void } | undefined;
  /** Fingerprint of the certificate in the kubeconfig. */
  #embedded: string | undefined;
  #getting: Promise<unknown> | undefined;
  #unwatch: (() => void) | undefined;

  constructor(doors: CredentialDoors) {
    this.#doors = doors;
    this.#certificates = new ClientCertificates(doors);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { api, clock } = this.#doors;
    while (!signal.aborted) {
      this.#watch();
      const waitMs = await this.#look(signal).catch((thrown: unknown) => {
        this.#say(messageOf(thrown));
        return lookEveryMs;
      });
      if (!signal.aborted) await this.#waker.sleep(clock, waitMs, signal);
    }
    this.#unwatch?.();
    await this.#getting;
    this.#current?.close();
    api.setClient(undefined);
  }

  /** Milliseconds until the next look. */
  async #look(signal: AbortSignal): Promise<number> {
    const { api, kubeconfig, bootstrapKubeconfig } = this.#doors;
    const plan = await this.#plan();
    if (plan?.problem !== undefined) this.#say(`--kubeconfig ${kubeconfig}: ${plan.problem}`);
    if ((plan === undefined || plan.problem !== undefined) && bootstrapKubeconfig !== undefined) {
      this.#get(() => this.#certificates.bootstrap(bootstrapKubeconfig, signal));
    }
    if (plan === undefined) return lookEveryMs;
    this.#use(plan.access, plan.chosen?.facts.fingerprint);
    if (plan.problem === undefined) this.#say(undefined);
    const dueMs = plan.chosen && this.#certificates.dueIn(plan.chosen);
    if (plan.chosen === undefined || dueMs === undefined) return lookEveryMs;
    // From here on it is where a rotated one is, so that the kubeconfig may name that file.
    if (plan.from === 'kubeconfig') await this.#certificates.store(plan.chosen.pair, this.#embedded);
    if (dueMs > 0) return Math.min(lookEveryMs, dueMs);
    const client = api.client();
    if (client !== undefined) this.#get(() => this.#certificates.renew(client, this.#embedded, signal));
    return lookEveryMs;
  }

  /** One at a time, and waited for by nobody: an approval may take long, and another kubeconfig may come meanwhile. */
  #get(work: () => Promise<boolean>): void {
    this.#getting ??= work()
      .then((done) => done && this.#waker.wake())
      .finally(() => {
        this.#getting = undefined;
      });
  }

  /** Undefined, and said why, when there are no credentials. */
  async #plan(): Promise<CredentialsPlan | undefined> {
    const { kubeconfig, certDirectory, rotate, clock } = this.#doors;
    let access: ClusterAccess | undefined;
    try {
      access = await this.#doors.readAccess(kubeconfig);
    } catch (thrown) {
      return this.#none(`${messageOf(thrown)}: ${without}`);
    }
    if (access === undefined) return this.#none(`--kubeconfig ${kubeconfig} is not there: ${without}`);
    const { clientCertificate: certificate, clientKey: key } = access;
    const embedded = certificate === undefined || key === undefined ? undefined : { certificate, key };
    const rotated = rotate ? await readCurrentPair(this.#doors.host, certDirectory, 'client') : undefined;
    const candidates = { embedded: this.#described(embedded), rotated: this.#described(rotated) };
    this.#embedded = candidates.embedded?.facts.fingerprint;
    return planCredentials({ access, ...candidates, origin: rotated?.origin, nowMs: clock.now() });
  }

  #described(pair: CertificatePair | undefined): DescribedPair | undefined {
    const facts = pair && this.#doors.tools.describe(pair);
    return pair && facts && { pair, facts };
  }

  #none(problem: string): undefined {
    this.#say(problem);
    this.#use(undefined);
  }

  /** The same certificate in another file is no reason for another client. */
  #use(access: ClusterAccess | undefined, fingerprint?: string): void {
    const { api, makeClient } = this.#doors;
    const identity = fingerprint === undefined ? {} : { clientCertificate: fingerprint, clientKey: undefined };
    const key = access === undefined ? '' : canonicalJson({ ...access, ...identity });
    if ((this.#current?.key ?? '') === key) return;
    this.#current?.close();
    const over = new AbortController();
    this.#current = access && { key, close: () => over.abort() };
    api.setClient(access && makeClient(access, over.signal));
  }

  #say(problem: string | undefined): void {
    const { api, log } = this.#doors;
    if (api.setProblem('credentials', problem) && problem !== undefined) log.warn(problem);
  }

  /** So that a kubeconfig that comes is taken at once; where the directory is not there yet, the next look does it. */
  #watch(): void {
    const { host, kubeconfig } = this.#doors;
    if (this.#unwatch !== undefined) return;
    try {
      this.#unwatch = host.watch(
        dirname(kubeconfig),
        (name) => {
          if (name === undefined || name === basename(kubeconfig)) this.#waker.wake();
        },
        () => {
          this.#unwatch = undefined;
        },
      );
    } catch {
      this.#unwatch = undefined;
    }
  }
}
