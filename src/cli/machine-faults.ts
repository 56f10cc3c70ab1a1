import { BootstrapError, hasCode, messageOf, OperationError } from '../base/errors.ts';

/** What a machine does to any program, by the system's error codes; no bug of ours. */
const faults: readonly { readonly codes: readonly string[]; readonly say: string; readonly next: string }[] = [
  {
    codes: ['ENOSPC', 'EDQUOT'],
    say: 'the disk is full',
    next: 'free some space (df -h, df -i), then run the same command again: it goes on where it was',
  },
  {
    codes: ['EROFS'],
    say: 'the file system is read-only',
    next: 'dmesg tells why, where it was not made so; then run the same command again',
  },
  { codes: ['EIO'], say: 'the disk gives errors', next: 'see dmesg; the data on it should be saved elsewhere first' },
  {
    codes: ['EMFILE', 'ENFILE'],
    say: 'too many files are open',
    next: 'raise the limit (ulimit -n, sysctl fs.file-max), then run the same command again',
  },
];

/** An error of the machine's as one that a user can act on; anything else as it is. */
export function asMachineFault(thrown: unknown): unknown {
  if (thrown instanceof BootstrapError) return thrown;
  const fault = faults.find(({ codes }) => hasCode(thrown, ...codes));
  if (fault === undefined) return thrown;
  return new OperationError(`${fault.say}: ${messageOf(thrown)}`, { hint: fault.next, cause: thrown });
}
