import { humanDuration } from '../../base/duration.ts';
import { OperationError, UsageError } from '../../base/errors.ts';
import { joinCommand } from '../../cluster/join-command.ts';
import {
  type LiveToken,
  listTokens,
  secretsPath,
  timeText,
  tokenForm,
  tokenIdForm,
  tokenSecret,
  tokenSecretName,
} from '../../cluster/tokens.ts';
import { type ApiObject, fieldManager } from '../../cluster/wanted-object.ts';
import { defaultTokenGroup, defaultTokenTtlMs } from '../../config/constants.ts';
import { randomToken } from '../../config/detect.ts';
import { isLoopback, splitHostPort } from '../../config/endpoints.ts';
import type { BootstrapToken } from '../../config/types.ts';
import { ApiStatusError, type KubeClient } from '../../kube/client.ts';
import type { CommandRun } from '../command.ts';
import { createReport } from '../report.ts';
import { table } from '../style.ts';
import { durationOption, listOption, type Options, textOption } from '../workflow-context.ts';
import { withAdmin } from './admin-client.ts';

/** `bootstrap token create [TOKEN]`. */
export const createToken: CommandRun = async (cli, { options, common, arguments: [given] }) => {
  const certificateKey = textOption(options, 'certificateKey');
  const asLine = options.printJoinCommand === true;
  if (certificateKey !== undefined && !asLine) {
    throw new UsageError('--certificate-key is only for --print-join-command');
  }
  const token = tokenOf(options, given ?? randomToken(cli.host));
  const member = certificateKey === undefined ? undefined : { certificateKey };
  const join = await withAdmin(cli, options, async ({ client, entry }) => {
    await make(client, token, cli.clock.now());
    return joinCommand(entry, token.token, member);
  });
  const document = { kind: 'Token', token: token.token, joinCommand: join };
  const report = createReport(cli, common);
  const { host } = splitHostPort(join.split(' ')[2] ?? '');
  if (asLine && isLoopback(host)) report.warn(`${host} is a loopback address: no other machine can join`);
  report.finish({ text: `${asLine ? join : token.token}\n`, document });
  return undefined;
};

/** `bootstrap join` for a worker. */
export const printJoin: CommandRun = (cli, invocation) =>
  createToken(cli, { ...invocation, options: { ...invocation.options, printJoinCommand: true } });

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

/** `bootstrap token list`. */
export const listAllTokens: CommandRun = async (cli, { options, common }) => {
  const { tokens, problems } = await withAdmin(cli, options, ({ client }) => listTokens(client));
  const report = createReport(cli, common);
  for (const problem of problems) report.warn(problem);
  const rows = tokens.map((token) => row(token, cli.clock.now()));
  const text = table([['TOKEN', 'TTL', 'EXPIRES', 'USAGES', 'DESCRIPTION', 'EXTRA GROUPS'], ...rows]);
  report.finish({ text, document: { kind: 'TokenList', tokens: tokens.map(inDocument) } });
  return undefined;
};

function row({ id, secret, expiresMs, usages, groups, description }: LiveToken, nowMs: number): readonly string[] {
  const left =
    expiresMs === undefined ? '<forever>' : expiresMs <= nowMs ? '<ended>' : humanDuration(expiresMs - nowMs);
  const expires = expiresMs === undefined ? '<never>' : timeText(expiresMs);
  const orNone = (text: string) => (text === '' ? '<none>' : text);
  return [`${id}.${secret}`, left, expires, orNone(usages.join()), orNone(description), orNone(groups.join())];
}

function inDocument({ id, secret, expiresMs, ...token }: LiveToken): Readonly<Record<string, unknown>> {
  return { token: `${id}.${secret}`, ...token, ...(expiresMs === undefined ? {} : { expires: timeText(expiresMs) }) };
}

/** `bootstrap token delete TOKEN...`: all that are there go; one that is not is an error at the end. */
export const deleteTokens: CommandRun = async (cli, { options, common, arguments: given }) => {
  const malformed = given.filter((token) => !tokenForm.test(token) && !tokenIdForm.test(token));
  if (malformed.length > 0) {
    const hint = 'give [a-z0-9]{6}.[a-z0-9]{16}, or only the first six characters';
    throw new UsageError(`${malformed.length} of ${given.length} arguments are no tokens`, { hint });
  }
  const ids = [...new Set(given.map((token) => token.slice(0, 6)))];
  const found = await withAdmin(cli, options, ({ client }) =>
    Promise.all(ids.map((id) => client.remove(`${secretsPath}/${tokenSecretName(id)}`))),
  );
  const missing = ids.filter((_, index) => !found[index]);
  const deleted = ids.filter((_, index) => found[index]);
  createReport(cli, common).finish({
    text: deleted.map((id) => `token ${id} deleted\n`).join(''),
    document: { kind: 'TokensDeleted', deleted, missing },
  });
  if (missing.length > 0) throw new OperationError(`there is no token ${missing.join(', ')}`);
  return undefined;
};

/** `bootstrap token generate`. */
export const generateToken: CommandRun = async (cli, { common }) => {
  const token = randomToken(cli.host);
  createReport(cli, common).finish({ text: `${token}\n`, document: { kind: 'Token', token } });
  return undefined;
};
