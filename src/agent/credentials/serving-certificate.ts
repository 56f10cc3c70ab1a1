import { join } from 'node:path';
import { backOff } from '../../base/back-off.ts';
import { type Clock, sleep } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Host } from '../../host/host.ts';
import type { ApiState } from '../api/agent-api.ts';
import { explainApiProblem } from '../api/explain-problem.ts';
import { readCurrentPair, writeCurrentPair } from './certificate-files.ts';
import type { CertificatePair, CertificateTools } from './certificate-tools.ts';
import { rotationTime } from './plan-credentials.ts';
import { requestCertificate } from './request-certificate.ts';

/** The certificate of the kubelet API. */
export interface ServingCertificate {
  current(): CertificatePair;
  /** Calls back when there is another one; the returned function ends it. */
  onChange(listener: () => void): () => void;
}

export type ServingDoors = {
  readonly api: ApiState;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly host: Pick<Host, 'readText' | 'writeFile' | 'makeDirectory' | 'makeSymlink' | 'rename' | 'remove'>;
  readonly tools: CertificateTools;
  readonly certDirectory: string;
  readonly nodeIPs: readonly string[];
  /** Files given by the user, instead of all else. */
  readonly files: { readonly certificate: string; readonly key: string } | undefined;
  /** Whether the cluster is to sign it. */
  readonly fromCluster: boolean;
};

const lookEveryMs = 60_000;

/** Gives a certificate at once, self-signed if need be, and exchanges it for that of the cluster when there is one. */
export class ServingCertificateKeeper implements ServingCertificate {
  readonly #doors: ServingDoors;
  readonly #listeners = new Set<() => void>();
  #pair: CertificatePair;

  private constructor(doors: ServingDoors, pair: CertificatePair) {
    this.#doors = doors;
    this.#pair = pair;
  }

  /** Throws when the files that the user named cannot be used. */
  static async open(doors: ServingDoors): Promise<ServingCertificateKeeper> {
    const { host, certDirectory, tools, clock, fromCluster, files } = doors;
    if (files !== undefined) return new ServingCertificateKeeper(doors, await givenPair(doors, files));
    const stored = fromCluster ? await readCurrentPair(host, certDirectory, 'server') : undefined;
    const facts = stored && tools.describe(stored);
    const holds = facts !== undefined && clock.now() < facts.notAfterMs;
    return new ServingCertificateKeeper(doors, stored && holds ? stored : await selfSigned(doors));
  }

  current(): CertificatePair {
    return this.#pair;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Has it signed and renewed by the cluster until the signal; files of the user are read again when they change. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, files, fromCluster, random } = this.#doors;
    const wait = backOff({ firstMs: 5_000, maxMs: 10 * 60_000, random });
    while (!signal.aborted) {
      let waitMs = lookEveryMs;
      try {
        if (files !== undefined) this.#take(await givenPair(this.#doors, files));
        else if (fromCluster) await this.#fromCluster(signal);
        else this.#take(await selfSigned(this.#doors));
        wait.reset();
        this.#say(undefined);
      } catch (thrown) {
        if (!signal.aborted) this.#say(thrown);
        waitMs = wait.next();
      }
      await sleep(clock, waitMs, signal);
    }
  }

  async #fromCluster(signal: AbortSignal): Promise<void> {
    const { api, clock, tools, host, certDirectory, nodeIPs } = this.#doors;
    const client = api.client();
    const stored = await readCurrentPair(host, certDirectory, 'server');
    const facts = stored && tools.describe(stored);
    // In the middle of the time that client-go draws from, for a look a minute would draw too often.
    const due = facts === undefined || clock.now() >= rotationTime(facts, () => 0.5);
    if (stored !== undefined && facts !== undefined && clock.now() < facts.notAfterMs) this.#take(stored);
    if (!due || client === undefined || api.node() === undefined) return;
    const subject = { commonName: `system:node:${api.nodeName}`, organizations: ['system:nodes'] };
    const { key, request } = await tools.request({ ...subject, sans: [api.nodeName, ...nodeIPs] });
    const certificate = await requestCertificate({ client, clock, signal }, 'serving', request);
    await writeCurrentPair(
      host,
      { dir: certDirectory, kind: 'server', nowMs: clock.now() },
      { certificate, key, origin: undefined },
    );
    this.#take({ certificate, key });
  }

  #take(pair: CertificatePair): void {
    if (pair.certificate === this.#pair.certificate && pair.key === this.#pair.key) return;
    this.#pair = pair;
    for (const listener of [...this.#listeners]) listener();
  }

  #say(thrown: unknown): void {
    const { api, log } = this.#doors;
    const why = thrown === undefined ? undefined : explainApiProblem(thrown, api.client()?.server ?? '');
    const problem = why && `the kubelet API has no certificate of the cluster: ${why}`;
    if (api.setProblem('serving', problem) && problem !== undefined) log.warn(problem);
  }
}

async function givenPair(
  { host, tools }: ServingDoors,
  files: { readonly certificate: string; readonly key: string },
): Promise<CertificatePair> {
  const [certificate, key] = await Promise.all([host.readText(files.certificate), host.readText(files.key)]);
  if (certificate === undefined) throw new Error(`tlsCertFile ${files.certificate} is not there`);
  if (key === undefined) throw new Error(`tlsPrivateKeyFile ${files.key} is not there`);
  if (tools.describe({ certificate, key }) === undefined) {
    throw new Error(`tlsCertFile ${files.certificate} is no certificate of the key in ${files.key}`);
  }
  return { certificate, key };
}

/** The kubelet's `kubelet.crt` and `kubelet.key`, made where they are not there or have expired. */
async function selfSigned({ host, tools, clock, certDirectory, api, nodeIPs }: ServingDoors): Promise<CertificatePair> {
  const paths = { certificate: join(certDirectory, 'kubelet.crt'), key: join(certDirectory, 'kubelet.key') };
  const [certificate, key] = await Promise.all([host.readText(paths.certificate), host.readText(paths.key)]);
  if (certificate !== undefined && key !== undefined) {
    const facts = tools.describe({ certificate, key });
    if (facts !== undefined && clock.now() < facts.notAfterMs - lookEveryMs) return { certificate, key };
  }
  const commonName = `${api.nodeName}@${Math.floor(clock.now() / 1000)}`;
  const made = await tools.selfSign({ commonName, organizations: [], sans: [api.nodeName, ...nodeIPs] });
  await host.makeDirectory(certDirectory, { mode: 0o750 });
  await host.writeFile(paths.key, made.key, { mode: 0o600 });
  await host.writeFile(paths.certificate, made.certificate, { mode: 0o644 });
  return made;
}
