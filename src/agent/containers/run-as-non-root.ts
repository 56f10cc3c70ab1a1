import type { Container, Pod } from '../../kube/types.ts';
import type { ImageInfo } from '../../runtime/runtime.ts';

/** Throws when `runAsNonRoot` is asked for and the container would run as root, or nobody can tell (kuberuntime security_context.go). */
export function refuseRoot(pod: Pod, container: Container, image: ImageInfo): void {
  const shared = pod.spec.securityContext;
  const own = container.securityContext ?? {};
  if (!(own.runAsNonRoot ?? shared.runAsNonRoot ?? false)) return;
  const user = own.runAsUser ?? shared.runAsUser;
  if (user === 0) throw new Error('runAsNonRoot is set, but runAsUser is 0');
  if (user !== undefined) return;
  const [imageUser = ''] = image.user.split(':');
  if (imageUser === '' || imageUser === '0') {
    throw new Error(`runAsNonRoot is set, but image ${container.image} runs as root`);
  }
  if (!/^\d+$/.test(imageUser)) {
    throw new Error(
      `runAsNonRoot is set, but image ${container.image} runs as ${imageUser}, which may be root: set runAsUser to a number`,
    );
  }
}
