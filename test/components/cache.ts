import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where everything built here is kept: a second clone of the same user finds it. */
export function componentsCache(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'kube-bootstrap');
}

export function imagesDirectory(): string {
  return join(componentsCache(), 'images');
}

export function binDirectory(version: string): string {
  return join(componentsCache(), 'bin', version);
}

export function stampsDirectory(): string {
  return join(componentsCache(), 'components');
}

export function ensureDirectory(path: string): string {
  if (!existsSync(path)) mkdirSync(path, { recursive: true });
  return path;
}
