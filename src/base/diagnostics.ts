/** One thing found wrong in an input, or by a check. `line` and `column` count from 1. */
export type Finding = {
  readonly severity: 'error' | 'warning';
  /** The name of the check, as `--ignore-preflight-errors` takes it. */
  readonly check?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** Where in the document, such as `networking.serviceSubnet`. */
  readonly path?: string;
  readonly message: string;
  readonly hint?: string;
};

/** The findings that forbid going on. */
export function errorsOf(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((finding) => finding.severity === 'error');
}

/** One finding as one line: `config.yaml:12:3: error: networking.serviceSubnet: … (hint)`. */
export function renderFinding(finding: Finding): string {
  const place = [finding.file, finding.line, finding.column].filter((part) => part !== undefined).join(':');
  const label = finding.check === undefined ? finding.severity : `[${finding.severity.toUpperCase()} ${finding.check}]`;
  const parts = [place, label, finding.path, finding.message].filter((part) => part !== undefined && part !== '');
  return parts.join(': ') + (finding.hint === undefined ? '' : ` (${finding.hint})`);
}
