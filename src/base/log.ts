/** Where a part of the program says what it does. Lines never hold secrets. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** Shown from verbosity `level` on, as the kubelet's `--v`. */
  verbose(level: number, message: string): void;
}

/** Says nothing. */
export const silentLog: Log = { info() {}, warn() {}, error() {}, verbose() {} };

/** A log that writes `I1122 21:10:11.123 message` lines, as klog heads them, to `write`. */
export function lineLog(write: (line: string) => void, verbosity: number, now: () => number): Log {
  const line = (severity: string, message: string) => {
    const [date = '', time = ''] = new Date(now()).toISOString().split('T');
    write(`${severity}${date.slice(5).replace('-', '')} ${time.slice(0, 12)} ${message}`);
  };
  return {
    info: (message) => line('I', message),
    warn: (message) => line('W', message),
    error: (message) => line('E', message),
    verbose: (level, message) => {
      if (level <= verbosity) line('I', message);
    },
  };
}

/** The same for journald, which takes a line's time itself and its severity from a prefix (sd-daemon(3)). */
export function journalLog(write: (line: string) => void, verbosity: number): Log {
  const line = (severity: number, message: string) => {
    for (const part of message.split('\n')) write(`<${severity}>${part}`);
  };
  return {
    info: (message) => line(6, message),
    warn: (message) => line(4, message),
    error: (message) => line(3, message),
    verbose: (level, message) => {
      if (level <= verbosity) line(level > 1 ? 7 : 6, message);
    },
  };
}

/** Sentences remembered by `warnOnce`; then it begins anew, so that years of churn do not add up. */
const mostRemembered = 1000;

/** A log that says each warning once; for niceties that a host lacks. */
export function warnOnce(log: Log): (message: string) => void {
  const said = new Set<string>();
  return (message) => {
    if (said.has(message)) return;
    if (said.size >= mostRemembered) said.clear();
    said.add(message);
    log.warn(message);
  };
}
