import type { CliCommand } from '../command.ts';
import { configOption, rootDirOption } from '../options.ts';

/** `bootstrap kubeconfig`. */
export const kubeconfigCommand: CliCommand = {
  name: 'kubeconfig',
  summary: 'kubeconfigs for more users',
  examples: ['bootstrap kubeconfig user --client-name jane --org developers > jane.conf'],
  commands: [
    {
      name: 'user',
      summary: 'print a kubeconfig with a certificate, or a token, for a user',
      description:
        'The certificate is signed by the CA of this control plane. It gives a name and groups; rights come from role ' +
        'bindings. Without --config, the configuration that init or apply kept counts.',
      examples: [
        'bootstrap kubeconfig user --client-name jane --org developers > jane.conf',
        'bootstrap kubeconfig user --client-name ci --validity-period 24h',
      ],
      options: [
        { flags: '--client-name <name>', summary: "the user's name, the certificate's common name" },
        { flags: '--org <names>', summary: "the user's groups, the certificate's organizations", list: true },
        { flags: '--token <token>', summary: 'a bearer token instead of a certificate' },
        { flags: '--validity-period <duration>', summary: 'how long the certificate holds (default 8760h0m0s)' },
        configOption,
        rootDirOption,
      ],
      load: () => import('./kubeconfig-user.ts'),
    },
  ],
};
