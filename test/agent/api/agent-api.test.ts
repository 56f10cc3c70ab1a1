import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiState } from '../../../src/agent/api/agent-api.ts';
import { explainApiProblem } from '../../../src/agent/api/explain-problem.ts';
import { newNode } from '../../../src/agent/node/node-object.ts';
import { refusal } from '../../fakes/api-errors.ts';
import { aKubeClient } from '../../fakes/init-context.ts';
import { nodeFacts } from '../../fakes/node-builders.ts';

test('listeners hear of another client, another Node, and that trying again is worth it', () => {
  const api = new ApiState('node1');
  let heard = 0;
  const forget = api.onChange(() => {
    heard += 1;
  });
  const client = aKubeClient();
  const node = newNode(nodeFacts(), 0);
  const stored = { ...node, metadata: { ...node.metadata, resourceVersion: '7' } };
  api.setClient(client);
  api.setClient(client);
  api.setNode(stored);
  api.setNode({ ...stored });
  api.nudge();
  assert.equal(heard, 3);
  forget();
  api.nudge();
  assert.equal(heard, 3);
});

test('the first cause is shown: without credentials nothing else works', () => {
  const api = new ApiState('node1');
  assert.equal(api.setProblem('lease', 'no Lease'), true);
  assert.equal(api.setProblem('lease', 'no Lease'), false);
  api.setProblem('credentials', 'no kubeconfig');
  assert.equal(api.problem(), 'no kubeconfig');
  api.setProblem('credentials', undefined);
  assert.equal(api.problem(), 'no Lease');
});

test('what goes wrong is said in words that tell what to look at', () => {
  const say = (thrown: unknown) => explainApiProblem(thrown, 'https://x');
  const coded = (code: string) => Object.assign(new Error('raw'), { code });
  const cases: readonly (readonly [unknown, RegExp])[] = [
    [coded('CERT_NOT_YET_VALID'), /not valid yet: the clock of this machine is behind/],
    [coded('CERT_HAS_EXPIRED'), /has expired, or the clock of this machine is ahead/],
    [coded('SELF_SIGNED_CERT_IN_CHAIN'), /not signed by the CA of the kubeconfig: it is another cluster/],
    [coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), /not signed by the CA of the kubeconfig/],
    [coded('ERR_TLS_CERT_ALTNAME_INVALID'), /for other names than the server/],
    [coded('ENOTFOUND'), /name cannot be resolved/],
    [coded('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'), /does not take the client certificate/],
    [refusal('GET /x', 401, 'Unauthorized'), /does not know these credentials/],
    [refusal('GET /x', 403, 'Forbidden'), /it refuses \(GET \/x: 403 it is Forbidden\)/],
    [refusal('GET /x', 500, 'InternalError'), /^API server https:\/\/x: GET \/x: 500/],
    [new Error('no answer'), /^API server https:\/\/x: no answer$/],
  ];
  for (const [thrown, words] of cases) assert.match(say(thrown), words);
});
