import { join } from 'node:path';
import { PreflightError, UsageError } from '../../base/errors.ts';
import { loadConfig } from '../../config/load.ts';
import { pathsOf } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import { gatherRevision } from '../../rollout/revisions/gather-revision.ts';
import { lastGoodRevision, type Revision, type RevisionContent } from '../../rollout/revisions/revision.ts';
import { diffRevisions } from '../../rollout/revisions/revision-differences.ts';
import { readRevisions } from '../../rollout/revisions/revisions.ts';
import type { CommandRun } from '../command.ts';
import { rootFlag } from '../root-flag.ts';
import { styleOf } from '../style.ts';
import { pathsFor, rootDirOf } from '../workflow-context.ts';
import { diffText } from './diff-text.ts';

/** One side of a comparison: `revision 3`, or what is on the disk. */
type Side = { readonly name: string; readonly number?: number; readonly content: RevisionContent };

/** `bootstrap diff [N [M]]`: what two revisions, or the last good one and the disk, say differently. Changes nothing. */
export const run: CommandRun = async ({ host, stdout }, { options, arguments: [first, second], common }) => {
  const root = rootDirOf(host, options);
  const revisions = await readRevisions(host, pathsOf(root).revisionsDir);
  if (revisions.length === 0) {
    throw new PreflightError(`there is no revision below ${root}`, { hint: `bootstrap init${rootFlag(root)}` });
  }
  const [from, to] = await sides(host, root, { revisions, first, second });
  const found = from === undefined ? undefined : diffRevisions(from.content, to.content);
  if (common.output === 'text') {
    const style = styleOf(common.color && stdout.isTerminal);
    const nothing = `${to.name} has none before it to compare with.\n`;
    stdout.write(from === undefined || found === undefined ? nothing : diffText([from.name, to.name], found, style));
    return 0;
  }
  const place = (side: Side | undefined) => side && { name: side.name, revision: side.number };
  const document = { kind: 'Diff', from: place(from), to: place(to), ...found };
  stdout.write(`${JSON.stringify(document, undefined, common.output === 'json' ? 2 : 0)}\n`);
  return 0;
};

type Asked = {
  readonly revisions: readonly Revision[];
  readonly first: string | undefined;
  readonly second: string | undefined;
};

async function sides(host: Host, root: string, asked: Asked): Promise<readonly [Side | undefined, Side]> {
  const { revisions, first, second } = asked;
  if (first === undefined) {
    const good = lastGoodRevision(revisions) ?? revisions.at(-1);
    if (good === undefined) throw new PreflightError(`there is no revision below ${root}`);
    return [sideOf(good), { name: 'the disk', content: await contentOnDisk(host, root, good) }];
  }
  const one = find(revisions, first);
  if (second !== undefined) return [sideOf(one), sideOf(find(revisions, second))];
  const before = revisions.findLast(({ number, result }) => number < one.number && result !== 'rolled-back');
  return [before && sideOf(before), sideOf(one)];
}

function sideOf(revision: Revision): Side {
  return { name: `revision ${revision.number}`, number: revision.number, content: revision };
}

function find(revisions: readonly Revision[], asked: string): Revision {
  if (!/^[1-9]\d*$/.test(asked)) {
    throw new UsageError(`"${asked}" is no number of a revision`, { hint: 'bootstrap history shows them' });
  }
  const revision = revisions.find(({ number }) => number === Number(asked));
  if (revision !== undefined) return revision;
  const [low, high] = [revisions[0]?.number, revisions.at(-1)?.number];
  const range = low === high ? `there is only ${low}` : `there are ${low} to ${high}`;
  throw new UsageError(`there is no revision ${asked}`, { hint: `${range}; bootstrap history shows them` });
}

/** What is there now, by the configuration of the revision: where its certificates are, which components it has. */
async function contentOnDisk(host: Host, root: string, revision: Revision): Promise<RevisionContent> {
  const file = join(pathsOf(root).revisionsDir, String(revision.number), 'configuration.yaml');
  const config = await loadConfig({ host, file, flags: {}, rootDir: root });
  const content = await gatherRevision(host, { config, paths: pathsFor(root, config) });
  return { ...content, configuration: revision.configuration };
}
