import { join } from 'node:path';
import { OperationError } from '../../base/errors.ts';
import type { ContainerSecurity } from '../runtime.ts';
import type { ImageProgram } from './program.ts';
import type { RunAs } from './user.ts';

/** The programs that a start needs, where the host has them. */
export type HostTools = {
  readonly sh: string;
  readonly mv: string;
  readonly setsid: string;
  readonly env: string;
  readonly setpriv: string | undefined;
};

export type Launch = {
  /** For whoever reads the script. */
  readonly title: string;
  readonly exitFile: string;
  readonly program: ImageProgram;
  readonly args: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  readonly workingDir: string;
  readonly oomScoreAdj: number;
  readonly runAs: RunAs | undefined;
  readonly security: Pick<ContainerSecurity, 'noNewPrivileges' | 'addCapabilities' | 'dropCapabilities'>;
};

/** Names that the shell keeps for itself, or that would change the programs between it and the container's own. */
const shellsOwn = /^(IFS|LINENO|OLDPWD|OPTARG|OPTIND|PPID|PS1|PS2|PS4|PWD|LD_.*)$/;

/** The descriptor on which an image's root is opened before the program's user can no longer reach it. */
const rootDescriptor = 9;

/**
 * The helper's script, for any POSIX sh, run in the container's directory: claims the container (one helper only),
 * leaves `pid` with the program's pid and start time (/proc/PID/stat field 22), waits, ends what the program left
 * behind in its session, and leaves the exit code in `exitFile`. Files appear by rename, whole.
 */
export function helperScript(launch: Launch, tools: HostTools): string {
  const exitTemporary = launch.exitFile.replace(/[^/]+$/, '.$&');
  const mv = quote(tools.mv);
  return [
    `# ${launch.title.replaceAll('\n', ' ')}`,
    'trap : HUP INT TERM',
    `me() { read -r line </proc/self/stat; pid=\${line%% *}; set -- \${line##*) }; shift 19; start=$1; }`,
    'me',
    // What the shell itself says ("Terminated") has no place in the container's log.
    'exec 3>&2 2>/dev/null',
    'set -C; echo "$pid $start" >helper || exit 0; set +C',
    '(',
    `  echo ${launch.oomScoreAdj} 2>/dev/null >/proc/self/oom_score_adj`,
    `  me; echo "$pid $start" >.pid && ${mv} .pid pid || exit 125`,
    ...programLines(launch, tools).map((line) => `  ${line}`),
    ') 2>&3 3>&-',
    'code=$?',
    'read -r main start <pid && kill -s KILL -- "-$main"',
    `echo "$code" >${quote(exitTemporary)} && ${mv} ${quote(exitTemporary)} ${quote(launch.exitFile)}`,
    '',
  ].join('\n');
}

/**
 * Whether the program's user can be expected to reach the image store, which is in directories of its owner alone.
 * Otherwise the image's root is opened before the user changes, and the program is run by way of the descriptor.
 */
export function isReachable(runAs: RunAs | undefined): boolean {
  return runAs === undefined || runAs.uid === 0;
}

/** The program's path for its user; by way of the open image root it needs no right to the directories above (proc(5)). */
export function programPath({ program, runAs }: Pick<Launch, 'program' | 'runAs'>, descriptor: number): string {
  return join(isReachable(runAs) ? program.rootfs : `/proc/self/fd/${descriptor}`, program.inside);
}

/** What becomes the program: its directory, environment, session and user. */
function programLines(launch: Launch, tools: HostTools): readonly string[] {
  const entries = [...launch.env];
  const plain = entries.filter(([name]) => isPlain(name));
  const special = entries.filter(([name]) => !isPlain(name)).map(([name, value]) => `${name}=${value}`);
  const privileges = privilegeWords(launch, tools.setpriv);
  const reachable = isReachable(launch.runAs);
  const program = programPath(launch, rootDescriptor);
  const words = [tools.setsid, ...privileges, ...(special.length === 0 ? [] : [tools.env, ...special]), program];
  return [
    ...(reachable ? [] : [`exec ${rootDescriptor}<${quote(launch.program.rootfs)}`]),
    `cd ${quote(launch.workingDir)} || exit 126`,
    'unset PWD OLDPWD',
    ...plain.map(([name, value]) => `export ${name}=${quote(value)}`),
    `exec ${[...words, ...launch.args].map(quote).join(' ')}`,
  ];
}

/** The text as one word of a POSIX shell. Throws on a zero byte, which no program can be given. */
export function quote(text: string): string {
  if (text.includes('\0')) throw new OperationError('a command, argument or variable holds a zero byte');
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The words of setpriv(1) that come before the program's own; none when nothing changes. Throws without a setpriv. */
export function privilegeWords(
  { runAs, security }: Pick<Launch, 'runAs' | 'security'>,
  setpriv: string | undefined,
): readonly string[] {
  const words = [
    ...(runAs === undefined ? [] : [`--reuid=${runAs.uid}`, `--regid=${runAs.gid}`, groupsWord(runAs.groups)]),
    ...capabilityWords(security),
    ...(security.noNewPrivileges ? ['--no-new-privs'] : []),
  ];
  if (words.length === 0) return [];
  if (setpriv === undefined) {
    throw new OperationError('the container asks for another user or fewer privileges, and the host has no setpriv', {
      hint: 'install util-linux',
    });
  }
  return [setpriv, ...words];
}

function groupsWord(groups: readonly number[]): string {
  return groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`;
}

/** `drop: [ALL]` leaves what is added; otherwise only what is dropped goes. Names as the API has them: NET_ADMIN. */
function capabilityWords({ addCapabilities, dropCapabilities }: Launch['security']): readonly string[] {
  const names = (list: readonly string[]) => list.map((name) => name.toLowerCase().replace(/^cap_/, ''));
  const [added, dropped] = [names(addCapabilities), names(dropCapabilities)];
  const list = dropped.includes('all')
    ? ['-all', ...added.map((name) => `+${name}`)]
    : dropped.filter((name) => !added.includes(name)).map((name) => `-${name}`);
  if (list.length === 0) return [];
  return [`--inh-caps=${list.join(',')}`, `--bounding-set=${list.join(',')}`];
}

/** Whether a variable may go through a shell: its name is one there, and means nothing to the shell itself. */
export function isPlain(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !shellsOwn.test(name);
}
