/** What is known of a component that does not run: its last lines, oldest first, and what the agent says of it. */
export type Evidence = {
  readonly lines: readonly string[];
  /** The agent's own reason, such as an image that cannot be had. */
  readonly agentError?: string;
};

export type FailureReason = {
  readonly id: string;
  /** Trying again cannot help: no second exit is waited for. */
  readonly final: boolean;
  /** Looked for in each line, and in the agent's error. */
  readonly pattern: RegExp;
  readonly say: (match: RegExpExecArray) => string;
  readonly next: (match: RegExpExecArray) => string;
  /** The TCP port to name the holder of. */
  readonly port?: (match: RegExpExecArray) => number;
};

/** The likely reasons, most telling first: what the components of Kubernetes 1.37 and etcd 3.7 print when they give up. */
export const failureReasons: readonly FailureReason[] = [
  {
    id: 'port-in-use',
    final: true,
    pattern: /listen (?:tcp\d? )?\S*?:(\d+): bind: address already in use/,
    say: (match) => `port ${match[1]} is in use`,
    next: (match) => `end the program that holds port ${match[1]}, or choose another port`,
    port: (match) => Number(match[1]),
  },
  {
    id: 'address-not-ours',
    final: true,
    pattern: /listen (?:tcp\d? )?(\S+): bind: cannot assign requested address/,
    say: (match) => `${match[1]} is not an address of this machine`,
    next: () =>
      'bootstrap apply takes the address that the machine has now; at init, --apiserver-advertise-address names one',
  },
  {
    id: 'unknown-flag',
    final: true,
    pattern: /unknown (?:shorthand )?flag: '?(\S+?)'?(?: in .*)?$|flag provided but not defined: (\S+)/,
    say: (match) => `the flag ${match[1] ?? match[2]} does not exist`,
    next: () => 'correct extraArgs in the configuration, or the patch that adds it, then run init again',
  },
  {
    id: 'unknown-feature-gate',
    final: true,
    pattern: /unrecognized feature gate:? "?([\w-]+)"?/,
    say: (match) => `the feature gate ${match[1]} does not exist in this version`,
    next: () => 'correct the feature-gates argument, then run init again',
  },
  {
    id: 'invalid-flag-value',
    final: true,
    pattern: /invalid (?:argument|value) "([^"]*)" for (?:"([^"]+)" flag|flag (\S+)):? ?(.*)/,
    say: (match) => `the value "${match[1]}" of ${match[2] ?? match[3]} is not valid${match[4] ? `: ${match[4]}` : ''}`,
    next: () => 'correct extraArgs in the configuration, then run init again',
  },
  {
    id: 'certificate-not-yet-valid',
    final: false,
    pattern: /certificate has expired or is not yet valid: current time (\S+) is before (\S+)/,
    say: (match) => `a certificate is valid only from ${match[2]} on, this machine's clock says ${match[1]}`,
    next: () => 'set the clock right',
  },
  {
    id: 'certificate-expired',
    final: false,
    pattern: /certificate has expired or is not yet valid(?:: current time (\S+) is after (\S+))?/,
    say: (match) => `a certificate has expired${match[2] === undefined ? '' : ` on ${match[2]}`}`,
    next: () => 'see bootstrap status for which one; remove that file and its key, then run init again',
  },
  {
    id: 'certificate-unknown-authority',
    final: false,
    pattern: /x509: certificate signed by unknown authority|tls: unknown certificate authority/,
    say: () => 'a certificate was not signed by the authority that the other side trusts',
    next: () => 'certificates of two clusters are mixed: remove the ones that init did not make, then run init again',
  },
  {
    id: 'certificate-name',
    final: false,
    pattern: /x509: certificate is (?:valid for .*, not (\S+)|not valid for any names.*)/,
    say: (match) => `a certificate lacks the name ${match[1] ?? 'it is asked by'}`,
    next: () => 'add the name to certSANs, remove that certificate and its key, then run init again',
  },
  {
    id: 'key-mismatch',
    final: true,
    pattern: /tls: private key does not match public key/,
    say: () => 'a certificate and its key do not belong together',
    next: () => 'remove both files, then run init again',
  },
  {
    id: 'data-of-another-cluster',
    final: true,
    pattern:
      /member .*has already been bootstrapped|cluster ID mismatch|request sent was ignored \(cluster ID mismatch/,
    say: () => "etcd's data directory belongs to another cluster",
    next: () => 'move the data directory away, or choose another one with etcd.local.dataDir',
  },
  {
    id: 'data-damaged',
    final: true,
    pattern:
      /failed to (?:read WAL|recover v3 backend|open snapshot|load snapshot)|walpb: crc mismatch|freepages: failed to get all reachable/,
    say: () => "etcd's data is damaged",
    next: () => 'restore the data directory from a snapshot',
  },
  {
    id: 'data-in-use',
    final: false,
    pattern: /failed to flock bbolt|waiting for exclusive lock|file already locked/,
    say: () => 'another etcd uses this data directory',
    next: () => 'end the other etcd, or choose another data directory',
  },
  {
    id: 'disk-full',
    final: true,
    pattern: /no space left on device|disk quota exceeded/,
    say: () => 'the disk is full',
    next: () => 'free some space',
  },
  {
    id: 'read-only',
    final: true,
    pattern: /(?:open|mkdir|create|write) (\S+): read-only file system/,
    say: (match) => `${match[1]} is on a read-only file system`,
    next: () => 'make it writable, or choose another place',
  },
  {
    id: 'image-missing',
    final: true,
    pattern:
      /(\S+): (?:image is nowhere|not found in|no such image)|[Ii]mage "?([^\s"]+)"? (?:is nowhere|is not present|could not be (?:found|pulled)|not found)/,
    say: (match) => `the image ${match[1] ?? match[2]} cannot be had`,
    next: () => 'bootstrap images import FILE, or make its registry reachable',
  },
  {
    id: 'permission-denied',
    final: true,
    pattern: /(?:open|mkdir|stat|create|read|unlink) (\S+): permission denied|EACCES[^']*'([^']+)'/,
    say: (match) => `${match[1] ?? match[2]} is not accessible to the component's user`,
    next: () => 'correct its owner and mode',
  },
  {
    id: 'file-missing',
    final: true,
    pattern: /open (\/\S+): no such file or directory/,
    say: (match) => `${match[1]} is not there`,
    next: () => 'run init again: it makes what is missing',
  },
  {
    id: 'wrong-architecture',
    final: true,
    pattern: /exec format error/,
    say: () => "the image's program is for another processor",
    next: () => 'use an image for this architecture',
  },
  {
    id: 'too-many-files',
    final: false,
    pattern: /too many open files/,
    say: () => 'too many files are open, or inotify watches are used up',
    next: () => 'raise fs.inotify.max_user_instances, or the limit of open files',
  },
  {
    id: 'etcd-unreachable',
    final: false,
    pattern:
      /(?:failed to (?:dial|connect|create storage)|error while dialing|transport: Error while dialing|context deadline exceeded).*(?:2379|etcd|storage)|etcdserver: (?:no leader|request timed out)/i,
    say: () => 'etcd does not answer',
    next: () => 'look at etcd first: bootstrap logs etcd',
  },
];

export type Diagnosis = { readonly reason: FailureReason; readonly match: RegExpExecArray };

/** The first reason in the table that a line shows, newest line first. */
export function diagnose({ lines, agentError }: Evidence): Diagnosis | undefined {
  const texts = [...(agentError === undefined ? [] : [agentError]), ...lines.toReversed()];
  for (const reason of failureReasons) {
    for (const text of texts) {
      const match = reason.pattern.exec(text);
      if (match !== null) return { reason, match };
    }
  }
  return undefined;
}
