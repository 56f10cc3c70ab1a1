import { systemClock } from '../../src/base/clock.ts';
import { run } from '../../src/cli/completion.ts';
import { nodeHost } from '../../src/host/node-host.ts';

export type CompletionScripts = { readonly bash: string; readonly zsh: string; readonly fish: string };

/** What `bootstrap completion SHELL` prints. */
export async function completionScripts(): Promise<CompletionScripts> {
  const [bash = '', zsh = '', fish = ''] = await Promise.all(['bash', 'zsh', 'fish'].map(scriptFor));
  return { bash, zsh, fish };
}

async function scriptFor(shell: string): Promise<string> {
  const printed: string[] = [];
  const collect = { write: (text: string) => void printed.push(text), isTerminal: false, columns: 100 };
  const context = {
    host: nodeHost,
    clock: systemClock,
    signal: new AbortController().signal,
    stdout: collect,
    stderr: collect,
    confirm: undefined,
  };
  await run(context, { options: {}, arguments: [shell], common: { output: 'text', verbosity: 0, color: false } });
  return printed.join('');
}
