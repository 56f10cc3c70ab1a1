const label = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const labelForm = new RegExp(`^${label}$`);
const subdomainForm = new RegExp(`^${label}(?:\\.${label})*$`);
const wildcardForm = new RegExp(`^\\*\\.${label}(?:\\.${label})*$`);
const qualifiedForm = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** A DNS-1123 label: at most 63 of a-z, 0-9 and `-`, not at the ends. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && labelForm.test(text);
}

/** A DNS-1123 subdomain: labels joined by dots, at most 253 characters (k8s.io/apimachinery does not limit the labels). */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && subdomainForm.test(text);
}

/** `*.example.com`. */
export function isWildcardDnsSubdomain(text: string): boolean {
  return text.length <= 253 && wildcardForm.test(text);
}

/** A qualified name, as of labels and taints: `[prefix/]name`, the prefix a DNS-1123 subdomain. */
export function isQualifiedName(text: string): boolean {
  const parts = text.split('/');
  const name = parts.at(-1) ?? '';
  if (parts.length > 2 || (parts.length === 2 && !isDnsSubdomain(parts[0] ?? ''))) return false;
  return name.length <= 63 && qualifiedForm.test(name);
}

/** The value of a label or taint: empty, or at most 63 characters in the form of a qualified name's name. */
export function isLabelValue(text: string): boolean {
  return text === '' || (text.length <= 63 && qualifiedForm.test(text));
}

/** The name of a static pod on its node: `<name>-<node name in lower case>` (kubelet config/common.go). */
export function podNameOnNode(name: string, nodeName: string): string {
  return `${name}-${nodeName.toLowerCase()}`;
}

/** The candidate that differs least from `name` (letters in any case), if it is near enough to be meant. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(name.length / 3));
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= limit ? best.candidate : undefined;
}

/** How many single characters must be put in, taken out, changed or swapped with their neighbour (restricted Damerau). */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const cell = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    rows.push(line);
    for (let column = 1; column <= b.length; column++) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swap = swapped ? cell(row - 2, column - 2) + 1 : Infinity;
      line.push(
        Math.min(cell(row - 1, column) + 1, cell(row, column - 1) + 1, cell(row - 1, column - 1) + change, swap),
      );
    }
  }
  return cell(a.length, b.length);
}
