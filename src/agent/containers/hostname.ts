import type { Pod } from '../../kube/types.ts';

/** What the Linux kernel takes (utsname), and what a label of a DNS name may have. */
const longest = { kernel: 64, label: 63 };

/**
 * The hostname of a pod and the domain that its subdomain puts it in, '' without one (kubelet GeneratePodHostNameAndDomain);
 * where there is no cluster domain the name ends at `svc`.
 */
export function podHostname(
  { metadata, spec }: Pod,
  clusterDomain: string,
): { readonly hostname: string; readonly domain: string } {
  const { hostnameOverride, hostname = '', subdomain = '' } = spec;
  if (hostnameOverride) return { hostname: cut(hostnameOverride), domain: '' };
  const domain = subdomain && [subdomain, metadata.namespace, 'svc', clusterDomain].filter((part) => part).join('.');
  return { hostname: cut(hostname || metadata.name), domain };
}

/** The hostname that the kernel gets: with setHostnameAsFQDN the whole name. Throws when that is too long (GetNodenameForKernel). */
export function kernelHostname(pod: Pod, clusterDomain: string): string {
  const { hostname, domain } = podHostname(pod, clusterDomain);
  if (!pod.spec.setHostnameAsFQDN || domain === '') return hostname;
  const whole = `${hostname}.${domain}`;
  if (whole.length <= longest.kernel) return whole;
  throw new Error(
    `setHostnameAsFQDN: ${whole} has ${whole.length} characters, ${longest.kernel} are possible; shorten hostname or subdomain`,
  );
}

function cut(name: string): string {
  return name.length <= longest.label ? name : name.slice(0, longest.label).replace(/[-.]+$/, '');
}
