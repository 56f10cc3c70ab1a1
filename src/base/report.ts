/** What happened to one item: `apiserver.crt  renew  expires in 12 days`. */
export type ItemReport = { readonly item: string; readonly action: string; readonly because: string };

/** How long work tells the user what it does; implemented by cli/report.ts (text, json, ndjson). */
export interface Report {
  item(report: ItemReport): void;
  /** A wait that changes: shown as one living line on a terminal. `sinceMs` is when it began. */
  waiting(what: string, sinceMs: number): void;
  info(message: string): void;
  warn(message: string): void;
  /** Whole files, for `--dry-run`. */
  file(path: string, content: string): void;
}
