import { list, object } from './schema.ts';

const logOutput = { splitStream: 'boolean', infoBufferSize: 'quantity' } as const;

/** component-base logs/api/v1 LoggingConfiguration, which kubelet and kube-proxy share (v0.37.2). */
export const loggingConfiguration = object({
  format: 'string',
  flushFrequency: 'durationOrNumber',
  verbosity: 'uint32',
  vmodule: list(
    object({
      filePattern: 'string',
      verbosity: 'uint32',
    }),
  ),
  options: object({
    text: object(logOutput),
    json: object(logOutput),
  }),
});
