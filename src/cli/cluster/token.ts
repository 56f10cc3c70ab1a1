import { humanDuration } from '../../base/duration.ts';
import { OperationError, UsageError } from '../../base/errors.ts';
import {
  type LiveToken,
  listTokens,
  secretsPath,
  timeText,
  tokenForm,
  tokenIdForm,
  tokenSecretName,
} from '../../cluster/tokens.ts';
import { randomToken } from '../../config/detect.ts';
import type { CommandRun } from '../command.ts';
import { createReport } from '../report.ts';
import { table } from '../style.ts';
import { withAdmin } from './admin-client.ts';

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
