import type { AgentApi } from '../api/agent-api.ts';

/** Resolves when the own Node is registered, or the signal aborts. */
export function untilNode(api: Pick<AgentApi, 'node' | 'onChange'>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (api.node() === undefined && !signal.aborted) return;
      forget();
      signal.removeEventListener('abort', look);
      resolve();
    };
    const forget = api.onChange(look);
    signal.addEventListener('abort', look);
    look();
  });
}
