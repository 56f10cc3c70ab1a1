import type { Finding } from '../base/diagnostics.ts';
import type { Origin } from './template-engine.ts';

/**
 * Findings about a rendered text as findings about the templates: file and line of the template instead of the line of
 * the text, which nobody has seen; that line itself is shown.
 */
export function templateFindings(
  findings: readonly Finding[],
  text: string,
  lineOrigins: () => readonly (Origin | undefined)[],
): readonly Finding[] {
  const origins = lineOrigins();
  const lines = text.split('\n');
  return findings.map(({ line, column: _column, ...finding }) => {
    if (line === undefined) return finding;
    const origin = origins[line - 1];
    const shown = {
      ...finding,
      message: `${finding.message}: in the rendered line: ${(lines[line - 1] ?? '').trim()}`,
    };
    return origin === undefined ? shown : { ...shown, file: origin.path, line: origin.line };
  });
}
