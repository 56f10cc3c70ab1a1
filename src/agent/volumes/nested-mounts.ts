import { posix } from 'node:path';
import type { Pod } from '../../kube/types.ts';

/**
 * The directories that a volume needs because something else is mounted inside of it: a runtime cannot make them in a
 * read-only mount (kubelet pkg/volume/util/nested_volumes.go). Relative, sorted.
 */
export function nestedMounts({ spec }: Pod, volume: string): readonly string[] {
  const inside = [...(spec.initContainers ?? []), ...spec.containers].flatMap(({ volumeMounts = [] }) => {
    const paths = volumeMounts.map(({ mountPath }) => posix.join('/', mountPath));
    const own = volumeMounts.filter(({ name, subPath, subPathExpr }) => name === volume && !subPath && !subPathExpr);
    return own.flatMap(({ mountPath }) =>
      paths.map((path) => posix.relative(posix.join('/', mountPath), path)).filter(isBelow),
    );
  });
  return [...new Set(inside)].sort();
}

function isBelow(path: string): boolean {
  return path !== '' && path !== '..' && !path.startsWith('../');
}
