import type { Host } from '../../host/host.ts';
import type { ComponentName } from '../../manifests/component.ts';
import { certificateFile } from '../../pki/certificates.ts';
import { createKeySource, privateKeyPem } from '../../pki/keys.ts';
import { readAuthority } from '../../pki/read-authority.ts';
import { issueCertificate } from '../../pki/x509.ts';
import type { Scratch } from './scratch.ts';

/** As patient as the kubelet's probe of an API server: an emulated CPU takes seconds for an answer. */
const answerWithinMs = 15_000;
const validMs = 3_600_000;

/** Who asks the canaries' API server; undefined where the CA cannot sign, then nobody. */
export type Asker = { readonly clientCertificate: string; readonly clientKey: string } | undefined;

/** A certificate of system:masters for an hour, in memory only: the canaries' cluster knows no other administrator. */
export async function makeAsker(
  host: Pick<Host, 'readText' | 'cpuCount'>,
  { certificatesDir, now }: { readonly certificatesDir: string; readonly now: number },
): Promise<Asker> {
  const at = (ending: 'crt' | 'key') => certificateFile(certificatesDir, 'ca', ending);
  const authority = await readAuthority(host, { crt: at('crt'), key: at('key') }).catch(() => undefined);
  if (authority === undefined) return undefined;
  const key = await createKeySource('ECDSA-P256', 1).next();
  const content = {
    commonName: 'bootstrap-canary',
    organizations: ['system:masters'],
    isCa: false,
    usages: ['clientAuth' as const],
    sans: [],
    notBeforeMs: Math.max(now - validMs, authority.certificate.validFromDate.getTime()),
    notAfterMs: now + validMs,
  };
  const certificate = issueCertificate(content, key, authority);
  return { clientCertificate: certificate.toString(), clientKey: privateKeyPem(key) };
}

type AskInput = {
  readonly host: Pick<Host, 'request'>;
  readonly scratch: Scratch;
  readonly asker: Asker;
  readonly signal: AbortSignal;
};

/**
 * Whether a canary says that it is ready. A controller manager is once it names its controllers among its checks: they are
 * made after the lease has been taken (cmd/kube-controller-manager/app/controllermanager.go BuildControllers).
 */
export async function isReady(component: ComponentName, input: AskInput): Promise<boolean> {
  const { ports } = input.scratch;
  switch (component) {
    case 'etcd':
      return (await ask(input, `http://127.0.0.1:${ports.etcdMetrics}/readyz`)).status === 200;
    case 'kube-apiserver': {
      const { status } = await ask(input, `https://127.0.0.1:${ports.apiServer}/readyz`);
      // Without a certificate that it takes no more can be known than that it serves.
      return status === 200 || (input.asker === undefined && (status === 401 || status === 403));
    }
    case 'kube-scheduler':
      return (await ask(input, `https://127.0.0.1:${ports.scheduler}/readyz`)).status === 200;
    case 'kube-controller-manager': {
      const { status, text } = await ask(input, `https://127.0.0.1:${ports.controllerManager}/healthz?verbose`);
      return status === 200 && (text.match(/^\[\+\]/gm) ?? []).length > 1;
    }
  }
}

/** Of a canary that was ended while it led: the next would wait for 15 s until its lease is over. */
export async function forgetLeases(input: AskInput): Promise<void> {
  const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
  await ask(input, `https://127.0.0.1:${input.scratch.ports.apiServer}${leases}`, 'DELETE');
}

async function ask(
  { host, asker, signal }: AskInput,
  url: string,
  method: 'GET' | 'DELETE' = 'GET',
): Promise<{ readonly status: number; readonly text: string }> {
  try {
    // Their own certificates are self-made, or are those of the real ones: whom we ask is known by the port.
    const options = { method, ca: false as const, timeoutMs: answerWithinMs, maxBytes: 65_536, signal };
    const { status, body } = await host.request(url, { ...options, ...asker });
    return { status, text: Buffer.from(body).toString('utf8') };
  } catch {
    return { status: 0, text: '' };
  }
}
