import type { ContainerRuntime } from './runtime.ts';

/** The same runtime for a dry run: it tells what there is, and every change succeeds without happening. */
export function readOnlyRuntime(runtime: ContainerRuntime): ContainerRuntime {
  const nothing = async () => {};
  return {
    type: runtime.type,
    version: () => runtime.version(),
    network: () => runtime.network(),
    observePods: (only) => runtime.observePods(only),
    observeForeign: (only) => runtime.observeForeign(only),
    foreignPods: (pod) => runtime.foreignPods(pod),
    findImage: (reference) => runtime.findImage(reference),
    listImages: () => runtime.listImages(),
    pullImage: async (reference) => ({ id: '', tags: [reference], digests: [], sizeBytes: 0, user: '' }),
    importArchive: async () => [],
    removeImage: nothing,
    refusals: (sandbox, containers) => runtime.refusals(sandbox, containers),
    createSandbox: async () => '',
    startContainer: async () => '',
    stopContainer: nothing,
    removeContainer: nothing,
    stopSandbox: nothing,
    removeSandbox: nothing,
    exec: async () => ({ exitCode: 0, output: '', timedOut: false }),
    streams: { ...runtime.streams, exec: async () => 0 },
    stats: (ids) => runtime.stats(ids),
    events: (signal) => runtime.events(signal),
    close: () => runtime.close(),
  };
}
