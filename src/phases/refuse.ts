import { errorsOf, type Finding, renderFinding } from '../base/diagnostics.ts';
import { PreflightError } from '../base/errors.ts';
import type { Report } from '../base/report.ts';

/** Says the warnings; `PreflightError` with all errors when there is one, before anything is touched. */
export function refuseErrors(findings: readonly Finding[], report: Pick<Report, 'warn'>, what: string): void {
  const errors = errorsOf(findings);
  for (const finding of findings) if (finding.severity === 'warning') report.warn(withoutSeverity(finding));
  if (errors.length > 0) throw new PreflightError(`${what} cannot be used as they are`, { findings: errors });
}

function withoutSeverity(finding: Finding): string {
  return renderFinding(finding).replace(': warning: ', ' ');
}
