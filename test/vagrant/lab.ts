import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { archive, componentsCache, program } from '../components/locations.ts';
import { packImages } from './pack-images.ts';

/** Where things are, and what the commands of a story find in their environment. */
export type Lab = {
  readonly state: string;
  readonly repository: string;
  /** What the machines run on, in words. */
  readonly machine: string;
  readonly environment: Readonly<Record<string, string>>;
};

const repository = resolve(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };

/** Plain emulation unless VM_DRIVER says otherwise; VAGRANT_STATE: box, disks' names, keys and kubeconfig go there. */
export function makeLab(): Lab {
  const state = process.env.VAGRANT_STATE ?? join(componentsCache(), 'vagrant');
  mkdirSync(state, { recursive: true });
  const driver = process.env.VM_DRIVER ?? 'qemu';
  return {
    state,
    repository,
    machine: driver === 'qemu' ? 'QEMU without KVM (TCG)' : driver,
    environment: {
      STATE: state,
      VM_DRIVER: driver,
      BOX: process.env.BOX ?? 'kube-bootstrap/bookworm',
      IMAGES: packed(state, 'images', ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'pause']),
      WORKER_IMAGES: packed(state, 'worker-images', ['kube-proxy', 'coredns', 'pause']),
      WORKER_PROGRAMS: dirname(program('kubelet')),
      OUTPUT: state,
      EXECUTABLE: process.env.EXECUTABLE ?? join(repository, 'dist/bootstrap-linux-x64'),
      PACKAGE: process.env.PACKAGE ?? join(repository, `dist/kube-bootstrap_${version}_amd64.deb`),
      KUBECONFIG: join(state, 'kubeconfig'),
      VAGRANT_CWD: join(repository, 'vagrant'),
      VAGRANT_HOME: join(state, 'home'),
      VAGRANT_DOTFILE_PATH: join(state, 'machines'),
      VAGRANT_DEFAULT_PROVIDER: 'libvirt',
      VAGRANT_CHECKPOINT_DISABLE: '1',
      PATH: `${dirname(program('kubectl'))}:${process.env.PATH}`,
    },
  };
}

/** A directory with one compressed archive of these images. */
function packed(state: string, name: string, images: readonly string[]): string {
  const directory = join(state, name);
  const archives = images.map(archive);
  const output = join(directory, 'images.tar.gz');
  if (!existsSync(output)) packImages(archives, output);
  return directory;
}
