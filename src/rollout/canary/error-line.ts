import type { ComponentName } from '../../manifests/component.ts';

/** Lines that say why a program gives up, the most telling first; the first group is the reason. */
const patterns: readonly RegExp[] = [
  // cobra: component-base/cli/run.go.
  /^Error: (.+)$/,
  // klog of the same, once logging is set up.
  /^E\d{4} .*\] "command failed" err="(.*)"$/,
  // etcd before its logger is there (server/etcdmain/etcd.go), and Go's own flag package.
  /^(flag provided but not defined: .+|invalid (?:boolean )?value .+|.* is not a valid flag)$/,
  /^error verifying flags, (.+?)\. See 'etcd --help'\.?$/,
  /^panic: (.+)$/,
  /^[F]\d{4} [\d:.]+ +\d+ \S+\] (.+)$/,
];

const jsonLevels = new Set(['fatal', 'panic', 'dpanic', 'error']);

/** A program's own reason for its end, among its last lines (newest last); undefined when it wrote nothing. */
export function errorLine(lines: readonly string[]): string | undefined {
  const newest = lines
    .toReversed()
    .map((line) => line.trim())
    .filter((line) => line !== '');
  for (const pattern of patterns) {
    for (const line of newest) {
      const reason = pattern.exec(line)?.[1];
      if (reason !== undefined) return plain(reason);
    }
  }
  const readers = [fromJson, fromKlog, fromBareKlog];
  const read = (reader: (line: string) => string | undefined) =>
    newest.map(reader).find((reason) => reason !== undefined);
  return readers.map(read).find((reason) => reason !== undefined) ?? newest[0];
}

/** `{"level":"fatal","msg":"discovery failed","error":"…"}` */
function fromJson(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { level, msg, error } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (!jsonLevels.has(String(level))) return undefined;
    return [msg, error].filter((part) => typeof part === 'string' && part !== '').join(': ');
  } catch {
    return undefined;
  }
}

/** `E1123 03:38:06.137999 1 file.go:1] "What" err="why" key="value"`; what others do to a program that ends is no reason. */
function fromKlog(line: string): string | undefined {
  const [, what, why] = /^E\d{4} .*?\] "((?:[^"\\]|\\.)*)".*? err="((?:[^"\\]|\\.)*)"/.exec(line) ?? [];
  if (what === undefined || why === undefined || why.includes('context canceled')) return undefined;
  return `${plain(what)}: ${plain(why)}`;
}

function fromBareKlog(line: string): string | undefined {
  return /^E\d{4} [\d:.]+ +\d+ \S+\] (.+)$/.exec(line)?.[1];
}

function plain(text: string): string {
  return text.replace(/\\n/g, ' ').replace(/\\(["\\])/g, '$1');
}

const tlsFailure =
  /authentication handshake failed|x509: |remote error: tls: |tls: failed to verify|certificate is not trusted/;

/** What a client says of its server that trying again cannot cure: a certificate that one of the two does not take. */
export function refusedHandshake(lines: readonly string[], port: number): string | undefined {
  const line = lines.findLast((text) => text.includes(`:${port}`) && tlsFailure.test(text));
  if (line === undefined) return undefined;
  // gRPC's own words (google.golang.org/grpc/clientconn.go), or those of a request, in a log line or a quoted error.
  const [, said] =
    /desc = \\?"(?:transport: )?((?:[^"\\]|\\[^"])*)/.exec(line) ??
    /((?:tls|x509|remote error): [^"\\]*)/.exec(line) ??
    [];
  return plain(said ?? line).trim();
}

/** What a program says once it has read what its command line names, as far as it does without its server (Kubernetes v1.37.2). */
const allRead: Readonly<Partial<Record<ComponentName, RegExp>>> = {
  // It waits for etcd before it reads its admission configuration (controlplane/apiserver/config.go BuildGenericConfig).
  'kube-apiserver': /addrConn\.createTransport failed to connect|admission controller\(s\) successfully/,
  'kube-controller-manager': /Attempting to acquire leader lease/,
  'kube-scheduler': /Serving securely|Attempting to acquire leader lease/,
};

/** Whether a program has come to where it needs its server; what is wrong until there, it would have said. */
export function hasReadAll(component: ComponentName, lines: readonly string[]): boolean {
  return lines.some((line) => allRead[component]?.test(line));
}

const noServer =
  /etcd grpc connection not ready|connect: connection refused|failed to find any valid servers|context deadline exceeded/;

/** Whether a program gave up because its server was not there. */
export function lacksServer(reason: string): boolean {
  return noServer.test(reason);
}
