import { messageOf } from '../../base/errors.ts';
import { ApiStatusError, type KubeClient } from '../../kube/client.ts';

const collection = '/api/v1/namespaces/kube-system/configmaps';
const name = 'kube-bootstrap-rollout';

/** `refused`: the API server answered, and did not want it. */
export type ApiProblem = { readonly text: string; readonly refused: boolean };

/** Writes an object through the API, reads it back and removes it; undefined when all three went well. */
export async function writeAndRead(client: KubeClient): Promise<ApiProblem | undefined> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'kube-system' } };
  try {
    await client.create(collection, object);
    const found = await client.get(`${collection}/${name}`);
    if (found === undefined) return { text: 'an object that was written cannot be read', refused: false };
    await client.remove(`${collection}/${name}`);
    return undefined;
  } catch (thrown) {
    return { text: `a write through the API: ${messageOf(thrown)}`, refused: isRefusal(thrown) };
  }
}

/** Somebody's admission rule or webhook, perhaps; not a server that is not ready yet. */
function isRefusal(thrown: unknown): boolean {
  return thrown instanceof ApiStatusError && thrown.status !== 429 && thrown.status !== 503;
}
