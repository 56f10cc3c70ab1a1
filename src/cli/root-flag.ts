/** What a command line needs to mean the same root directory: nothing for the default. */
export function rootFlag(root: string): string {
  return root === '/' ? '' : ` --root-dir ${root}`;
}
