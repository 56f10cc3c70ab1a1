import { type ChildProcess, spawn } from 'node:child_process';
import { program } from '../../../components/locations.ts';
import type { ProbeReport } from './report.ts';

/** `kubectl get configmaps --watch`, again as soon as it ends; how it ended each time. */
export class KubectlWatch {
  readonly ends: { code: number; stderr: string }[] = [];
  #child: ChildProcess | undefined;
  #going = true;

  start(kubeconfig: string, namespace: string): () => Promise<void> {
    this.#run(['--kubeconfig', kubeconfig, '-n', namespace, 'get', 'configmaps', '--watch', '-o', 'name']);
    return async () => {
      this.#going = false;
      this.#child?.kill('SIGKILL');
    };
  }

  #run(args: readonly string[]): void {
    const child = spawn(program('kubectl'), args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    let stderr = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('close', (code) => {
      if (!this.#going) return;
      this.ends.push({ code: code ?? 137, stderr });
      setTimeout(() => this.#going && this.#run(args), 200);
    });
  }

  report(): ProbeReport['kubectlWatch'] {
    return this.ends;
  }
}
