import { OperationError, UsageError } from '../../base/errors.ts';
import type { Report } from '../../base/report.ts';
import { joinCommand } from '../../cluster/join-command.ts';
import { secretsPath, tokenForm, tokenSecret } from '../../cluster/tokens.ts';
import { type ApiObject, fieldManager } from '../../cluster/wanted-object.ts';
import { defaultTokenGroup, defaultTokenTtlMs } from '../../config/constants.ts';
import { randomToken } from '../../config/detect.ts';
import { isLoopback, splitHostPort } from '../../config/endpoints.ts';
import { loadConfig } from '../../config/load.ts';
import type { BootstrapToken } from '../../config/types.ts';
import { ApiStatusError, type KubeClient } from '../../kube/client.ts';
import { dryRunKubeClient } from '../../kube/dry-run-client.ts';
import { toYaml } from '../../kube/yaml.ts';
import type { CliContext, CommandRun } from '../command.ts';
import { createReport } from '../report.ts';
import { withoutSecretData } from '../secrets.ts';
import { durationOption, listOption, type Options, rootDirOf, textOption } from '../workflow-context.ts';
import { withAdmin } from './admin-client.ts';

/** `bootstrap token create [TOKEN]`. */
export const createToken: CommandRun = async (cli, { options, common, arguments: [given] }) => {
  const certificateKey = textOption(options, 'certificateKey');
  const asLine = options.printJoinCommand === true;
  if (certificateKey !== undefined && !asLine) {
    throw new UsageError('--certificate-key is only for --print-join-command');
  }
  const report = createReport(cli, common);
  const tokens = await wantedTokens(cli, { options, given, report });
  const [{ token } = { token: '' }] = tokens;
  const member = certificateKey === undefined ? undefined : { certificateKey };
  const join = await withAdmin(cli, options, async ({ client, entry }) => {
    const target = options.dryRun === true ? pretended(client, report) : client;
    for (const wanted of tokens) await make(target, wanted, cli.clock.now());
    return joinCommand(entry, token, member);
  });
  const document = { kind: 'Token', token, joinCommand: join };
  const { host } = splitHostPort(join.split(' ')[2] ?? '');
  if (asLine && isLoopback(host)) report.warn(`${host} is a loopback address: no other machine can join`);
  report.finish({ text: `${asLine ? join : token}\n`, document });
  return undefined;
};

/** `bootstrap join` for a worker. */
export const printJoin: CommandRun = (cli, invocation) =>
  createToken(cli, { ...invocation, options: { ...invocation.options, printJoinCommand: true } });

/** Of `--dry-run`: nobody is asked, and what would be sent is shown. */
function pretended({ server }: KubeClient, report: Report): KubeClient {
  return dryRunKubeClient(server, ({ method, path, body }) =>
    report.file(`${method} ${path}`, toYaml(withoutSecretData(body))),
  );
}

async function make(client: KubeClient, token: BootstrapToken, nowMs: number): Promise<void> {
  const id = token.token.slice(0, 6);
  try {
    await client.createObject<ApiObject>(secretsPath, tokenSecret(token, nowMs), { fieldManager });
  } catch (thrown) {
    if (!(thrown instanceof ApiStatusError) || thrown.reason !== 'AlreadyExists') throw thrown;
    const hint = `bootstrap token delete ${id}   takes it away`;
    throw new OperationError(`there is a token ${id} already`, { hint });
  }
}

type Asked = { readonly options: Options; readonly given: string | undefined; readonly report: Report };

/** Those of the file's InitConfiguration, else the one that the options describe; the first of them is shown. */
async function wantedTokens(
  { host }: Pick<CliContext, 'host'>,
  { options, given, report }: Asked,
): Promise<readonly BootstrapToken[]> {
  const file = textOption(options, 'config');
  if (file === undefined) return [tokenOf(options, given ?? randomToken(host))];
  const mixed = Object.entries(aboutOneToken).flatMap(([name, flag]) => (options[name] === undefined ? [] : [flag]));
  const idle = given === undefined ? mixed : ['a token', ...mixed];
  if (idle.length > 0) {
    throw new UsageError(`${idle.join(', ')} cannot be given with --config`, {
      hint: 'write it into bootstrapTokens of the file',
    });
  }
  const { init, warnings } = await loadConfig({ host, file, flags: {}, rootDir: rootDirOf(host, options) });
  for (const warning of warnings) report.warn(warning.replace(/(^|: )warning: /, '$1'));
  return init.bootstrapTokens;
}

/** What the file says (kubeadm, validation.ValidateMixedArguments). */
const aboutOneToken: Readonly<Record<string, string>> = {
  ttl: '--ttl',
  usages: '--usages',
  groups: '--groups',
  description: '--description',
  certificateKey: '--certificate-key',
};

/** What the options ask for; `UsageError` for what no API server would take. Never shows the token. */
function tokenOf(options: Options, token: string): BootstrapToken {
  const usages = listOption(options, 'usages');
  const groups = listOption(options, 'groups');
  if (!tokenForm.test(token)) {
    throw new UsageError('this is no bootstrap token', { hint: '6 and 16 characters a-z, 0-9 with a dot between' });
  }
  const unknown = usages.find((usage) => usage !== 'signing' && usage !== 'authentication');
  if (unknown !== undefined) throw new UsageError(`there is no usage ${unknown}: signing, authentication`);
  const foreign = groups.find((group) => !/^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/.test(group));
  if (foreign !== undefined) throw new UsageError(`the group ${foreign} does not begin with system:bootstrappers:`);
  return {
    token,
    description: textOption(options, 'description') ?? '',
    ttlMs: durationOption(options, 'ttl') ?? defaultTokenTtlMs,
    expires: undefined,
    usages: usages.length > 0 ? usages : ['signing', 'authentication'],
    groups: groups.length > 0 ? groups : [defaultTokenGroup],
  };
}
