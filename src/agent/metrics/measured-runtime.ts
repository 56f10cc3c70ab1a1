import type { Clock } from '../../base/clock.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import type { AgentMetrics } from './agent-metrics.ts';
import type { RuntimeHealth } from './runtime-health.ts';

/** What the kubelet calls the operations that ours come nearest to (pkg/kubelet/kuberuntime/instrumented_services.go). */
const operationNames = {
  version: 'version',
  network: 'status',
  observePods: 'list_containers',
  observeForeign: 'list_containers',
  foreignPods: 'list_podsandbox',
  findImage: 'image_status',
  listImages: 'list_images',
  pullImage: 'pull_image',
  importArchive: 'import_archive',
  removeImage: 'remove_image',
  createSandbox: 'run_podsandbox',
  startContainer: 'start_container',
  stopContainer: 'stop_container',
  removeContainer: 'remove_container',
  stopSandbox: 'stop_podsandbox',
  removeSandbox: 'remove_podsandbox',
  exec: 'exec_sync',
} as const satisfies Partial<Record<keyof ContainerRuntime, string>>;

/** Operations in several steps: half done they would be taken for something else by whoever looks next. */
const wholeOperations: ReadonlySet<string> = new Set<Operation>([
  'createSandbox',
  'startContainer',
  'removeContainer',
  'stopSandbox',
  'removeSandbox',
]);

type Operation = keyof typeof operationNames;
type AnyOperation = (...args: readonly unknown[]) => Promise<unknown>;
type Watching = { readonly metrics: AgentMetrics; readonly health: RuntimeHealth; readonly clock: Pick<Clock, 'now'> };

/**
 * The same runtime, each of its operations counted and timed. Once the signal aborts every call is refused; `inFlight` has
 * those operations that are carried out to their end all the same.
 */
export function measuredRuntime(
  runtime: ContainerRuntime,
  watching: Watching,
  { signal, inFlight }: { readonly signal: AbortSignal; readonly inFlight: Set<Promise<unknown>> },
): ContainerRuntime {
  const methods = (Object.keys(operationNames) as readonly Operation[]).map((name) => {
    const call = (...args: readonly unknown[]) =>
      timed(watching, name, () =>
        unlessAborted(signal, () => {
          const done = Reflect.apply(runtime[name] as AnyOperation, runtime, args) as Promise<unknown>;
          if (wholeOperations.has(name)) noteInFlight(inFlight, done);
          return done;
        }),
      );
    return [name, call] as const;
  });
  // Whatever else a runtime has (refusals, events, close) goes through as it is.
  return new Proxy(runtime, {
    get: (target, property) => {
      const found = methods.find(([name]) => name === property);
      if (found !== undefined && property in target) return found[1];
      const member = Reflect.get(target, property, target) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

function noteInFlight(inFlight: Set<Promise<unknown>>, done: Promise<unknown>): void {
  const settled: Promise<unknown> = done.then(
    () => inFlight.delete(settled),
    () => inFlight.delete(settled),
  );
  inFlight.add(settled);
}

/** What a hung runtime owes us is not waited for. */
async function unlessAborted<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
  if (signal.aborted) throw replaced();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(replaced());
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([act(), aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function replaced(): Error {
  return new Error('this agent has been replaced by one with another configuration');
}

async function timed<T>({ metrics, health, clock }: Watching, name: Operation, act: () => Promise<T>): Promise<T> {
  const operation_type = operationNames[name];
  const sinceMs = clock.now();
  const call = health.begin(sinceMs);
  metrics.operations.add({ operation_type });
  try {
    const result = await act();
    health.answered(call, clock.now());
    noteStart(metrics, name, true);
    if (name === 'createSandbox') metrics.sandboxSeconds.observe({}, (clock.now() - sinceMs) / 1000);
    if (name === 'pullImage') metrics.pullSeconds.observe({}, (clock.now() - sinceMs) / 1000);
    return result;
  } catch (thrown) {
    health.failed(call);
    metrics.operationErrors.add({ operation_type });
    noteStart(metrics, name, false);
    throw thrown;
  } finally {
    metrics.operationSeconds.observe({ operation_type }, (clock.now() - sinceMs) / 1000);
  }
}

function noteStart(metrics: AgentMetrics, name: Operation, done: boolean): void {
  if (name === 'startContainer') (done ? metrics.startedContainers : metrics.startedContainerErrors).add();
  if (name !== 'createSandbox') return;
  (done ? metrics.startedPods : metrics.startedPodErrors).add();
  if (!done) metrics.sandboxErrors.add();
}
