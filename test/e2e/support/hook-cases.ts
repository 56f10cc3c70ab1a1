import { type ContainerSpec, exec, shell } from './probe-cases.ts';

export const plainPort = 28_080;
export const tlsPort = 29_443;

type Hooked = { readonly says: string; readonly container: ContainerSpec };

/** The hooks of kubernetes lifecycle_hook.go, each telling its name to the server at `ip`. */
export function hooks(ip: string, tag: string): readonly Hooked[] {
  const path = (name: string) => `/echo?msg=${name}-${tag}`;
  const get = (name: string, more: object = {}) => ({
    httpGet: { host: ip, port: plainPort, path: path(name), ...more },
  });
  const wget = (name: string) => exec('sh', '-c', `wget -q -O /dev/null http://${ip}:${plainPort}${path(name)}`);
  const tls = { scheme: 'HTTPS', port: tlsPort };
  const waiting = (name: string, lifecycle: object): ContainerSpec => shell(name, '', { lifecycle });
  return [
    {
      says: 'should execute poststart exec hook properly',
      container: waiting('post-exec', { postStart: wget('post-exec') }),
    },
    {
      says: 'should execute prestop exec hook properly',
      container: waiting('pre-exec', { preStop: wget('pre-exec') }),
    },
    {
      says: 'should execute poststart http hook properly',
      container: waiting('post-http', { postStart: get('post-http') }),
    },
    {
      says: 'should execute poststart https hook properly',
      container: waiting('post-https', { postStart: get('post-https', tls) }),
    },
    { says: 'should execute prestop http hook properly', container: waiting('pre-http', { preStop: get('pre-http') }) },
    {
      says: 'should execute prestop https hook properly',
      container: waiting('pre-https', { preStop: get('pre-https', tls) }),
    },
    {
      says: 'asks by http a server that answers https in plain text',
      container: waiting('fallback', { preStop: get('fallback', { scheme: 'HTTPS' }) }),
    },
  ];
}
