import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createToken } from '../../../src/cli/cluster/create-token.ts';
import type { Options } from '../../../src/cli/workflow-context.ts';
import { buildKubeconfig } from '../../../src/kubeconfig/kubeconfig.ts';
import { aCliContext, plainText } from '../../fakes/cli-context.ts';
import { aHost } from '../../fakes/init-context.ts';
import { MemoryHost } from '../../fakes/memory-host.ts';

const server = 'https://192.0.2.10:6443';
const credentials = { token: 'of-the-administrator' };
const kubeconfig = buildKubeconfig({ clusterName: 'kubernetes', user: 'admin', server, ca: '', credentials });
const configuration = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: 192.0.2.10}
bootstrapTokens:
- {token: abcdef.0123456789abcdef, ttl: 2h0m0s, description: rack 3}
- {token: bcdefa.0123456789abcdef, usages: [signing]}
`;

type Sent = { readonly metadata: { readonly name: string }; readonly data: Readonly<Record<string, string>> };

/** A command beside an API server that takes what it is sent; nobody else is asked. */
function world() {
  const sent: Sent[] = [];
  const files = new MemoryHost({ '/etc/kubernetes/admin.conf': kubeconfig, '/kubeadm.yaml': configuration });
  const request = async (url: string, { body = '' }: { body?: string | Uint8Array } = {}) => {
    assert.equal(url.split('?')[0], `${server}/api/v1/namespaces/kube-system/secrets`);
    sent.push(JSON.parse(String(body)) as Sent);
    return { status: 201, headers: {}, body: Buffer.from(String(body)) };
  };
  const cli = aCliContext({ host: aHost(files, { request: request as never }) });
  const create = (options: Options, token?: string) =>
    createToken(cli, { options, common: plainText, arguments: token === undefined ? [] : [token] });
  return { cli, sent, create };
}

const textOf = ({ data }: Sent, member: string) => Buffer.from(data[member] ?? '', 'base64').toString();

describe('token create', () => {
  test('--config makes the tokens of the file as they stand there, and prints the first', async () => {
    const { cli, sent, create } = world();
    await create({ config: '/kubeadm.yaml' });
    assert.equal(cli.out(), 'abcdef.0123456789abcdef\n');
    assert.deepEqual(
      sent.map(({ metadata }) => metadata.name),
      ['bootstrap-token-abcdef', 'bootstrap-token-bcdefa'],
    );
    const [first, second] = sent;
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(textOf(first, 'description'), 'rack 3');
    assert.equal(textOf(first, 'expiration'), '2026-01-01T02:00:00Z');
    assert.deepEqual(
      [textOf(second, 'usage-bootstrap-signing'), textOf(second, 'usage-bootstrap-authentication')],
      ['true', ''],
    );
  });

  test('--config is not mixed with what the file says', async () => {
    const { sent, create } = world();
    const mixed = create({ config: '/kubeadm.yaml', ttl: '1h', groups: ['system:bootstrappers:x'] });
    await assert.rejects(mixed, /^UsageError: --ttl, --groups cannot be given with --config$/);
    await assert.rejects(create({ config: '/kubeadm.yaml' }, 'cdefab.0123456789abcdef'), /a token cannot be given/);
    await assert.rejects(create({ config: '/none.yaml' }), { name: 'UsageError' });
    assert.deepEqual(sent, []);
  });

  test('--dry-run sends nothing and shows what it would make, but no secret', async () => {
    const { cli, sent, create } = world();
    await create({ dryRun: true, ttl: '1h' }, 'abcdef.0123456789abcdef');
    assert.deepEqual(sent, []);
    const [shown = '', printed] = cli.out().split('\n\n');
    assert.match(shown, /^--- POST \/api\/v1\/namespaces\/kube-system\/secrets\n/);
    assert.match(shown, /name: bootstrap-token-abcdef/);
    assert.doesNotMatch(shown, /0123456789abcdef/);
    assert.ok(!shown.includes(Buffer.from('0123456789abcdef').toString('base64')));
    assert.equal(printed, 'abcdef.0123456789abcdef\n');
  });

  test('--dry-run shows every token of --config', async () => {
    const { cli, sent, create } = world();
    await create({ dryRun: true, config: '/kubeadm.yaml' });
    assert.deepEqual(sent, []);
    assert.match(cli.out(), /bootstrap-token-abcdef[\s\S]*bootstrap-token-bcdefa/);
  });
});
