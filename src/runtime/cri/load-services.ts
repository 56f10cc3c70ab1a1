import { fileURLToPath } from 'node:url';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import type { Calls, Streams } from './calls.ts';

type Method = MethodDefinition<object, object>;
export type MethodName = keyof Calls | keyof Streams;

const files = ['cri.proto', 'containerd-events.proto'];
const services = ['runtime.v1.RuntimeService', 'runtime.v1.ImageService', 'containerd.services.events.v1.Events'];

/** The methods of the proto files beside this one, by name; no name is in two services. */
export function loadServices(): ReadonlyMap<string, Method> {
  const includeDirs = [fileURLToPath(new URL('.', import.meta.url))];
  const loaded = loadSync(files, { includeDirs, longs: Number, enums: String, defaults: true });
  const methods = services.flatMap((service) => Object.entries(loaded[service] ?? {}));
  return new Map(methods as [string, Method][]);
}
