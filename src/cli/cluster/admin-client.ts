import { resolve } from 'node:path';
import { BootstrapError, messageOf, OperationError, UsageError } from '../../base/errors.ts';
import type { ClusterEntry } from '../../cluster/bootstrap-access.ts';
import { pathsOf } from '../../config/paths.ts';
import { ApiStatusError, createKubeClient, type KubeClient } from '../../kube/client.ts';
import { readClusterAccess } from '../../kubeconfig/read-access.ts';
import type { CliContext } from '../command.ts';
import { type Options, rootDirOf, textOption } from '../workflow-context.ts';

/** The same, handed to `work`; what the API server refuses, or that it does not answer, is an `OperationError`. */
export async function withAdmin<T>(cli: Parameters<typeof openAdmin>[0], options: Options, work: Work<T>): Promise<T> {
  const admin = await openAdmin(cli, options);
  try {
    return await work(admin);
  } catch (thrown) {
    if (thrown instanceof BootstrapError || cli.signal.aborted) throw thrown;
    if (thrown instanceof ApiStatusError) throw new OperationError(`the API server answers: ${thrown.detail}`);
    throw new OperationError(`the API server at ${admin.entry.server} does not answer: ${messageOf(thrown)}`, {
      hint: 'bootstrap status   shows whether it runs',
    });
  }
}

type Admin = { readonly client: KubeClient; readonly entry: ClusterEntry };
type Work<T> = (admin: Admin) => Promise<T>;

/** A client as the one of `--kubeconfig`, else of admin.conf below `--root-dir`; `UsageError` when that cannot be read. */
async function openAdmin({ host, signal }: Pick<CliContext, 'host' | 'signal'>, options: Options): Promise<Admin> {
  const given = textOption(options, 'kubeconfig');
  const file =
    given === undefined ? pathsOf(rootDirOf(host, options)).adminConf : resolve(host.workingDirectory(), given);
  try {
    const access = await readClusterAccess(host, file);
    return {
      client: createKubeClient(host, access, { signal }),
      entry: { server: access.server, ca: access.ca ?? '' },
    };
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    const hint = 'name a kubeconfig with --kubeconfig FILE, or the plane with --root-dir DIR';
    throw new UsageError(messageOf(thrown), { hint, cause: thrown });
  }
}
