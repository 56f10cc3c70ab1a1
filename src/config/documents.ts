import type { Finding } from '../base/diagnostics.ts';
import { nearest } from '../kube/names.ts';
import type { Path, YamlDocument } from '../kube/yaml.ts';
import { parseYaml, pathText } from '../kube/yaml.ts';
import { decode, isMapping } from './decode.ts';
import type { Documents, Kind } from './kinds.ts';
import { kinds, lastKubeadmFor } from './kinds.ts';

export type ReadDocuments = {
  readonly documents: Documents;
  /** The documents as they are in the file, with the place of every member. */
  readonly sources: Readonly<Partial<Record<Kind, YamlDocument>>>;
  readonly findings: readonly Finding[];
};

type Tell = (path: Path, finding: Pick<Finding, 'severity' | 'message' | 'hint'>, of?: 'key' | 'value') => void;

/** The documents of a configuration file, strictly decoded: everything that is wrong with any of them is a finding. */
export function readDocuments(text: string, file: string): ReadDocuments {
  const parsed = parseYaml(text, file);
  const findings: Finding[] = [...parsed.findings];
  const sources: Partial<Record<Kind, YamlDocument>> = {};
  const decoded: Record<string, unknown> = {};
  for (const document of parsed.documents) {
    const tell: Tell = (path, finding, of) =>
      findings.push({
        ...finding,
        file,
        ...document.position(path, of),
        ...(path.length > 0 && { path: pathText(path) }),
      });
    const kind = kindOf(document.value, tell);
    if (kind === undefined) continue;
    if (sources[kind] !== undefined) {
      const first = sources[kind].position([])?.line;
      tell(['kind'], { severity: 'error', message: `a second ${kind}, the first is in line ${first}` });
      continue;
    }
    sources[kind] = document;
    decoded[kind] = decodeDocument(kind, document.value, tell);
  }
  if (parsed.documents.length > 0 || findings.length === 0) findings.push(...nothingForUs(sources, findings, file));
  return { documents: decoded, sources, findings };
}

/** Which of our kinds a document is; undefined with a finding when it is none. */
function kindOf(value: unknown, tell: Tell): Kind | undefined {
  if (!isMapping(value)) return refuse(tell, [], 'must be a map with apiVersion and kind');
  const { apiVersion, kind } = value;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') {
    const missing = ['apiVersion', 'kind'].filter((name) => typeof value[name] !== 'string').join(' and ');
    return refuse(
      tell,
      [],
      `has no ${missing}`,
      'such as `apiVersion: kubeadm.k8s.io/v1beta4` and `kind: ClusterConfiguration`',
    );
  }
  if (lastKubeadmFor[apiVersion] !== undefined) return refuseOld(tell, apiVersion, kind);
  const known = Object.entries(kinds).filter(([, { apiVersion: ours }]) => groupOf(ours) === groupOf(apiVersion));
  if (known.length === 0) return ignore(tell, apiVersion, kind);
  if (known.every(([, { apiVersion: ours }]) => ours !== apiVersion)) {
    return refuse(tell, ['apiVersion'], `unknown apiVersion \`${apiVersion}\`, use \`${known[0]?.[1].apiVersion}\``);
  }
  const names = known.map(([name]) => name);
  if (isKind(kind) && names.includes(kind)) return kind;
  const near = nearest(kind, names);
  const meant = near === undefined ? `, known are ${names.join(', ')}` : `, did you mean \`${near}\`?`;
  return refuse(tell, ['kind'], `unknown kind \`${kind}\` in ${apiVersion}${meant}`);
}

function refuse(tell: Tell, path: Path, message: string, hint?: string): undefined {
  tell(path, { severity: 'error', message, ...(hint === undefined ? {} : { hint }) });
}

function refuseOld(tell: Tell, apiVersion: string, kind: string): undefined {
  return refuse(
    tell,
    ['apiVersion'],
    `${kind} of \`${apiVersion}\` is too old, v1beta4 is needed`,
    `migrate it with kubeadm ${lastKubeadmFor[apiVersion]} or the newest that still reads it (1.36 at most): ` +
      'kubeadm config migrate --old-config OLD --new-config NEW',
  );
}

/** Documents of other groups are left alone, as kubeadm does. */
function ignore(tell: Tell, apiVersion: string, kind: string): undefined {
  tell(['kind'], { severity: 'warning', message: `ignored: ${apiVersion} ${kind} is not for us` });
}

function decodeDocument(kind: Kind, value: unknown, tell: Tell): unknown {
  const { apiVersion: _apiVersion, kind: _kind, ...fields } = isMapping(value) ? value : {};
  return decode(
    kinds[kind].type,
    fields,
    ({ path, of, message, hint }) =>
      tell(path, { severity: 'error', message, ...(hint === undefined ? {} : { hint }) }, of),
    otherKindWith,
  );
}

/** The document that has a field of this name at its top: it was written into the wrong one. */
function otherKindWith(name: string): string | undefined {
  const owner = Object.entries(kinds).find(([, { type }]) => Object.hasOwn(type.fields, name));
  return owner?.[0];
}

function nothingForUs(
  sources: ReadDocuments['sources'],
  findings: readonly Finding[],
  file: string,
): readonly Finding[] {
  const useful: readonly Kind[] = [
    'InitConfiguration',
    'ClusterConfiguration',
    'BootstrapConfiguration',
    'ResetConfiguration',
  ];
  if (useful.some((kind) => sources[kind] !== undefined) || findings.some(({ severity }) => severity === 'error'))
    return [];
  const message = 'has no InitConfiguration, ClusterConfiguration or BootstrapConfiguration';
  return [{ severity: 'error', file, message }];
}

function isKind(text: string): text is Kind {
  return Object.hasOwn(kinds, text);
}

function groupOf(apiVersion: string): string {
  return apiVersion.split('/')[0] ?? '';
}
