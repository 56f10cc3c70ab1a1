import { fileURLToPath } from 'node:url';
import { fromJSON, loadSync, type MethodDefinition } from '@grpc/proto-loader';
import { embeddedText, isSingleFile } from '../../host/packaged-files.ts';
import type { Calls, Streams } from './calls.ts';

type Method = MethodDefinition<object, object>;
export type MethodName = keyof Calls | keyof Streams;

const files = ['cri.proto', 'containerd-events.proto'];
const services = ['runtime.v1.RuntimeService', 'runtime.v1.ImageService', 'containerd.services.events.v1.Events'];

const options = { longs: Number, enums: String, defaults: true };

/** The methods of the proto files beside this one, by name; no name is in two services. */
export function loadServices(): ReadonlyMap<string, Method> {
  const loaded = isSingleFile()
    ? fromJSON(embeddedProtos(), options)
    : loadSync(files, { ...options, includeDirs: here() });
  const methods = services.flatMap((service) => Object.entries(loaded[service] ?? {}));
  return new Map(methods as [string, Method][]);
}

const here = () => [fileURLToPath(new URL('.', import.meta.url))];

/** As protobufjs describes them: parsed when the program was packaged. */
function embeddedProtos(): Parameters<typeof fromJSON>[0] {
  return JSON.parse(embeddedText('cri.json') ?? '{}');
}
