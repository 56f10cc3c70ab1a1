import { createServer, type Server } from 'node:http';
import { dirname, join } from 'node:path';
import { nodeHost } from '../../../src/host/node-host.ts';
import { archive } from '../../components/locations.ts';
import type { RuntimeUnderTest } from './engine.ts';
import { containerOf, isRunning, LoneAgent } from './lone-agent.ts';

const pause = 'registry.k8s.io/pause:3.10.2';

/** A manifest of a pod that only waits; the annotation `edit` tells its forms apart. */
export function manifest(name: string, edit = 'first', containers: readonly string[] = ['main']): string {
  const lines = containers.flatMap((container) => [`  - name: ${container}`, `    image: ${pause}`]);
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  annotations: {edit: "${edit}"}
spec:
  hostNetwork: true
  terminationGracePeriodSeconds: 2
  containers:
${lines.join('\n')}
`;
}

export const editOf = (pod: { readonly pod: { readonly metadata: { readonly annotations?: object } } }) =>
  (pod.pod.metadata.annotations as Readonly<Record<string, string>> | undefined)?.edit;

/** An agent whose manifest directory the tests do strange things to. */
export class SourceAgent extends LoneAgent {
  constructor(runtime: RuntimeUnderTest, extra: readonly string[] = []) {
    super(runtime, dirname(archive(pause)), extra);
  }

  file(name: string): string {
    return join(this.root, 'manifests', name);
  }

  /** Has everything read again, and waits until that is done. */
  async look(): Promise<void> {
    const socketPath = join(this.root, 'run/bootstrap/agent.sock');
    await nodeHost.request('http://agent/look', { method: 'POST', socketPath, timeoutMs: 20_000 });
  }

  /** Why the file is not run as it is. */
  async refusal(file: string): Promise<{ readonly reason: string; readonly lastGoodRuns: boolean } | undefined> {
    return (await this.status()).rejected.find(
      (rejected) => rejected.file === file || rejected.file.endsWith(`/${file}`),
    );
  }

  /** The pod in this form, running; gives what tells its instance from others. */
  async running(name: string, edit: string): Promise<{ readonly uid: string; readonly id: string }> {
    const found = await this.pod(`${name}-node1`, (pod) => editOf(pod) === edit && isRunning(pod));
    return { uid: found.pod.metadata.uid ?? '', id: containerOf(found).id };
  }
}

/** Answers with what a test sets. */
export class ManifestServer {
  status = 200;
  body = '';
  readonly tokens: (string | undefined)[] = [];
  readonly #server: Server = createServer((request, response) => {
    this.tokens.push(request.headers['x-token']?.toString());
    response.writeHead(this.status).end(this.body);
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `http://127.0.0.1:${address.port}/pods`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
