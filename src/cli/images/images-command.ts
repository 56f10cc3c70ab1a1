import type { CliCommand } from '../command.ts';
import { configOption, rootDirOption, runtimeOptions } from '../options.ts';

const options = [
  configOption,
  rootDirOption,
  { flags: '--image-repository <repository>', summary: 'where images come from (default registry.k8s.io)' },
  {
    flags: '--kubernetes-version <version>',
    summary: 'version of the control plane (default: the one this release is for)',
  },
  ...runtimeOptions,
];
const imageArguments = [{ form: '[images...]', summary: 'these instead of those the configuration needs' }];

/** `bootstrap images …` as data. */
export const imagesCommands: CliCommand = {
  name: 'images',
  summary: 'the images a control plane needs, and where they are',
  examples: ['bootstrap images list', 'bootstrap images pull', 'bootstrap images import ./archives'],
  commands: [
    {
      name: 'list',
      summary: 'every image the configuration needs: in the runtime, in an archive, or missing',
      examples: ['bootstrap images list', 'bootstrap images list --config kubeadm.yaml -o json'],
      options,
      load: async () => ({ run: (await import('./images.ts')).listImages }),
    },
    {
      name: 'pull',
      summary: 'get what is missing: from the archives, else from the registry',
      examples: ['bootstrap images pull', 'bootstrap images pull --runtime docker registry.k8s.io/pause:3.10.2'],
      arguments: imageArguments,
      options,
      load: async () => ({ run: (await import('./images.ts')).pullImages }),
    },
    {
      name: 'import',
      summary: 'load archives (docker save, OCI layout) into the runtime',
      examples: ['bootstrap images import etcd_3.7.0-0.tar', 'bootstrap images import ~/archives --runtime process'],
      arguments: [{ form: '<archives...>', summary: 'files, or directories of *.tar, *.tar.gz and *.tgz' }],
      options,
      load: async () => ({ run: (await import('./images.ts')).importImages }),
    },
    {
      name: 'prune',
      summary: 'remove other versions of these images than the configuration needs',
      description:
        "Only images of the configuration's own repositories, such as registry.k8s.io/etcd, in a version that is not needed and that no container uses.",
      examples: ['bootstrap images prune', 'bootstrap images prune --dry-run', 'bootstrap images prune --force'],
      options: [
        ...options,
        { flags: '-f, --force', summary: 'do not ask (needed without a terminal)' },
        { flags: '--dry-run', summary: 'change nothing; print what would be removed' },
      ],
      load: async () => ({ run: (await import('./images-prune.ts')).pruneImages }),
    },
  ],
};
