import type { AgentPod } from '../../../src/kube/agent-socket.ts';
import type { Container, ContainerStatus, PodSpec } from '../../../src/kube/types.ts';
import type { LoneAgent } from './lone-agent.ts';

/** The image of Kubernetes' own end-to-end tests; it has busybox. */
export const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.66.1';

export type ContainerForm = Partial<Omit<Container, 'name'>> & { readonly name?: string };
export type PodForm = Omit<Partial<PodSpec>, 'containers' | 'initContainers'> & {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly containers?: readonly ContainerForm[];
  readonly initContainers?: readonly ContainerForm[];
};

/** A container that runs the script and leaves what it prints as its termination message. */
export function telling(script: string, form: ContainerForm = {}): ContainerForm {
  const path = form.terminationMessagePath ?? '/dev/termination-log';
  return { command: ['/bin/sh', '-c', `{ ${script}\ntrue; } >${path} 2>&1`], ...form };
}

/** The manifest of a pod off the host network whose containers run once. */
export function podManifest(name: string, form: PodForm): string {
  const { labels, annotations, containers = [], initContainers = [], ...spec } = form;
  const whole = (container: ContainerForm, index: number) => ({ name: `c${index}`, image: agnhost, ...container });
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...(labels && { labels }), ...(annotations && { annotations }) },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 1,
      ...spec,
      ...(initContainers.length > 0 && {
        initContainers: initContainers.map((container, index) => whole({ name: `i${index}`, ...container }, index)),
      }),
      containers: containers.map(whole),
    },
  });
}

/** The pod once all its containers have ended. */
export async function ended(agent: LoneAgent, name: string): Promise<readonly ContainerStatus[]> {
  const { pod } = await agent.pod(`${name}-node1`, ({ pod: { status } }) =>
    ['Succeeded', 'Failed'].includes(status?.phase ?? ''),
  );
  return pod.status?.containerStatuses ?? [];
}

/** What the containers of a pod had to tell at their end; fails when one failed. */
export async function told(agent: LoneAgent, name: string): Promise<readonly string[]> {
  return (await ended(agent, name)).map(({ state: { terminated } }) => {
    const message = terminated?.message ?? '';
    if (terminated?.exitCode !== 0) throw new Error(`${name} ended with ${terminated?.exitCode}: ${message}`);
    return message.trimEnd();
  });
}

/** What a pod that cannot run says, once it says what the pattern asks for. */
export async function held(agent: LoneAgent, name: string, pattern: RegExp): Promise<string> {
  let said = '';
  await agent.pod(`${name}-node1`, (pod) => {
    said = allTexts(pod);
    return pattern.test(said);
  });
  return said;
}

function allTexts({ pod, doing, lastError }: AgentPod): string {
  const waiting = (pod.status?.containerStatuses ?? []).map(({ state }) => state.waiting);
  const texts = waiting.map((state) => `${state?.reason}: ${state?.message ?? ''}`);
  return [pod.status?.phase, doing, lastError, ...texts].join('\n');
}
