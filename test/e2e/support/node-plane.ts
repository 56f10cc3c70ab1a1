import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lease, Node } from '../../../src/kube/node-types.ts';
import { buildKubeconfig, parseKubeconfig } from '../../../src/kubeconfig/kubeconfig.ts';
import { createKeySource, parsePrivateKey, privateKeyPem } from '../../../src/pki/keys.ts';
import { issueCertificate } from '../../../src/pki/x509.ts';
import { program } from '../../components/locations.ts';
import { expectCode, type Ran, run } from './command.ts';
import { Plane } from './plane.ts';

const hourMs = 3_600_000;

/** A control plane, looked at from its Node. */
export class NodePlane extends Plane {
  async node(name = 'node1'): Promise<Node | undefined> {
    return this.object<Node>(['get', 'node', name]);
  }

  async lease(name = 'node1'): Promise<Lease | undefined> {
    return this.object<Lease>(['-n', 'kube-node-lease', 'get', 'lease', name]);
  }

  /** Undefined when it is not there. */
  async object<T>(args: readonly string[]): Promise<T | undefined> {
    const ran = await this.kubectl([...args, '-o', 'json', '--ignore-not-found']);
    return expectCode(ran, 0).stdout === '' ? undefined : (JSON.parse(ran.stdout) as T);
  }

  /** kubectl with the agent's own credentials. */
  asNode(args: readonly string[], input?: string): Promise<Ran> {
    return run(program('kubectl'), ['--kubeconfig', this.path('etc/kubernetes/kubelet.conf'), ...args], {
      ...(input === undefined ? {} : { input }),
      env: { KUBECACHEDIR: this.path('kubectl-cache') },
    });
  }

  /** What `bootstrap status` says of the node, and of problems. */
  async said(): Promise<{ readonly node?: { readonly registered: boolean }; readonly problems: readonly string[] }> {
    const ran = await this.bootstrap(['status', '-o', 'json']);
    return JSON.parse(ran.stdout);
  }

  /** A kubeconfig of the node whose certificate holds from `from` to `to` hours; by the cluster's CA or another. */
  async kubeconfig(about: { readonly from: number; readonly to: number; readonly otherCa?: boolean }): Promise<string> {
    const keys = createKeySource('ECDSA-P256', 1);
    const read = (name: string) => readFileSync(this.path(`etc/kubernetes/pki/${name}`), 'utf8');
    const key = await keys.next();
    const admin = parseKubeconfig(readFileSync(this.path('etc/kubernetes/admin.conf'), 'utf8'));
    const caKey = parsePrivateKey(read('ca.key'));
    if (caKey === undefined) throw new Error('the CA has no key');
    const ca = new X509Certificate(read('ca.crt'));
    const times = { notBeforeMs: Date.now() + about.from * hourMs, notAfterMs: Date.now() + about.to * hourMs };
    const content = { commonName: 'system:node:node1', organizations: ['system:nodes'], sans: [], ...times };
    const own = { ...content, isCa: true, usages: [] };
    const otherKey = about.otherCa ? await keys.next() : undefined;
    const other = otherKey && { certificate: issueCertificate(own, otherKey), key: otherKey };
    const signer = other ?? { certificate: ca, key: caKey };
    const certificate = issueCertificate({ ...content, isCa: false, usages: ['clientAuth'] }, key, signer);
    return buildKubeconfig({
      clusterName: 'kubernetes',
      user: content.commonName,
      server: admin.server,
      ca: signer.certificate.toString(),
      credentials: { clientCertificate: certificate.toString(), clientKey: privateKeyPem(key) },
    });
  }

  /** The client certificate that the agent keeps. */
  rotated(): X509Certificate {
    return new X509Certificate(readFileSync(join(this.root, 'var/lib/kubelet/pki/kubelet-client-current.pem')));
  }
}
