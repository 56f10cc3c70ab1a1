import type { HostFiles } from './host.ts';
import { packagedFiles } from './packaged-files.ts';

/** The version of this package: built into the bundle, read from package.json in a checkout. */
export async function ownVersion(host: Pick<HostFiles, 'readText' | 'list'>): Promise<string> {
  const built = process.env.KUBE_BOOTSTRAP_VERSION;
  if (built !== undefined) return built;
  const text = await packagedFiles(host).readText('package.json');
  const parsed: unknown = JSON.parse(text ?? '{}');
  const version = typeof parsed === 'object' && parsed !== null && 'version' in parsed ? parsed.version : undefined;
  return typeof version === 'string' ? version : 'unknown';
}
