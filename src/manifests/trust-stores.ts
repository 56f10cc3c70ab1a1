/** Directories with the volume names that kubeadm gives them: `/etc/pki/ca-trust` is `etc-pki-ca-trust`. */
export function namedDirectories(
  paths: readonly string[],
): readonly { readonly name: string; readonly path: string }[] {
  return paths.map((path) => ({ name: path.slice(1).replaceAll('/', '-'), path }));
}
