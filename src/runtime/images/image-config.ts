import { messageOf, OperationError } from '../../base/errors.ts';
import { isDigest } from './reference.ts';

/** What an image says about itself, cut to what we use (OCI image-spec config.md; Docker's form is the same). */
export type ImageConfig = {
  readonly architecture: string;
  readonly os: string;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir: string;
  readonly user: string;
  readonly stopSignal?: string;
  /** Digests of the layers' uncompressed tar archives, lowest first. */
  readonly diffIds: readonly string[];
};

/** Reads an image's config; throws OperationError when it is none. */
export function parseImageConfig(data: string): ImageConfig {
  const config = parseJsonObject(data, "the image's config");
  const run = objectOf(config.config);
  const diffIds = stringsOf(objectOf(config.rootfs).diff_ids);
  if (!diffIds.every(isDigest))
    throw new OperationError("the image's config names layers by something other than sha256");
  return {
    architecture: stringOf(config.architecture),
    os: stringOf(config.os),
    env: stringsOf(run.Env),
    entrypoint: stringsOf(run.Entrypoint),
    cmd: stringsOf(run.Cmd),
    workingDir: stringOf(run.WorkingDir),
    user: stringOf(run.User),
    ...(typeof run.StopSignal === 'string' && run.StopSignal !== '' ? { stopSignal: run.StopSignal } : {}),
    diffIds,
  };
}

/** Parses JSON that must be an object; `what` names it in the error. */
export function parseJsonObject(data: string, what: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(data);
    if (isObject(value)) return value;
  } catch (cause) {
    throw new OperationError(`${what} is not JSON: ${messageOf(cause)}`);
  }
  throw new OperationError(`${what} is not a JSON object`);
}

/** The value when it is an object, else an empty one. */
export function objectOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

/** The objects in a list, without anything else that is in it. */
export function objectsOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
