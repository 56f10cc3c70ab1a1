import { isObject } from './decode-fields.ts';
import type { YamlDocument } from './yaml.ts';

const controllers = ['ReplicaSet', 'ReplicationController', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'];

const mostKindsShown = 5;

/**
 * Why a manifest's documents are no static pod, undefined when they are exactly one v1 Pod by name and type. The kubelet
 * reads the first document and drops the others without a word; we refuse the file.
 */
export function refuseKind(documents: readonly YamlDocument[]): { message: string; hint: string } | undefined {
  const [first, second] = documents;
  if (first === undefined) return refusal('the file holds nothing');
  if (!isObject(first.value)) return refusal('the file holds no Kubernetes object');
  if (second !== undefined) {
    const kinds = documents.map(({ value }) => (isObject(value) ? String(value.kind ?? 'no kind') : 'no object'));
    const shown = kinds.length > mostKindsShown ? [...kinds.slice(0, mostKindsShown), '…'] : kinds;
    return refusal(`the file holds ${documents.length} documents (${shown.join(', ')})`);
  }
  return refuseObject(first.value);
}

function refuseObject(object: Readonly<Record<string, unknown>>): { message: string; hint: string } | undefined {
  const kind = String(object.kind ?? '');
  const version = String(object.apiVersion ?? '');
  if (kind === '' || version === '') return refusal(`${kind === '' ? 'kind' : 'apiVersion'} is missing`);
  if (kind === 'Pod' && version === 'v1') return undefined;
  if (kind === 'Pod') return refusal(`a Pod of apiVersion ${version}`);
  if (controllers.includes(kind)) {
    return refusal(`a ${kind} needs a controller in a cluster to make pods from it; put the Pod of its template here`);
  }
  if (kind === 'List' || kind.endsWith('List')) return refusal(`a ${kind}: give each Pod a file of its own`);
  if (kind === 'PodTemplate') return refusal('a PodTemplate: put the Pod itself here');
  return refusal(`a ${kind} is an object of the API server and runs nothing by itself; create it with kubectl apply`);
}

function refusal(message: string): { message: string; hint: string } {
  return { message: `no static pod: ${message}`, hint: 'a static pod manifest is exactly one v1 Pod, as JSON or YAML' };
}
