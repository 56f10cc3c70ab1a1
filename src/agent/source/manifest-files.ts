/** What editors leave beside a file; the kubelet would run these. */
const leftovers = ['~', '.bak', '.swp', '.orig', '.rpmsave'];

/** Whether a name in the manifest directory is read: not with a leading dot (kubelet pkg/kubelet/config/file.go), no editor's leftover. */
export function manifestName(name: string): 'read' | 'ignored' | 'leftover' {
  if (name.startsWith('.')) return 'ignored';
  return leftovers.some((suffix) => name.endsWith(suffix)) ? 'leftover' : 'read';
}
