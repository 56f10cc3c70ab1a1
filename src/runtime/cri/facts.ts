import type { Host } from '../../host/host.ts';
import type { CgroupDriver } from '../cgroups/pod-cgroups.ts';
import type { Calls } from './calls.ts';
import { type CriClient, lookTimeoutMs } from './client.ts';
import { hasStatus, status } from './cri-error.ts';
import { maskedPaths } from './security-context.ts';

type FactsHost = Pick<Host, 'readText' | 'list' | 'stat'>;

/** How this runtime is set up, and what it and its machine can. */
export type CriFacts = {
  readonly runtimeName: string;
  /** containerd before 2.0 stops containers by the signal of their image, whatever it is told. */
  readonly heedsStopSignal: boolean;
  /** Why it says that it is not ready; undefined when it is. */
  readonly notReady: string | undefined;
  /** Whether it tells its cgroup driver (RuntimeConfig). */
  readonly tellsDriver: boolean;
  readonly cgroupDriver: CgroupDriver;
  readonly appArmor: boolean;
  readonly recursiveReadOnly: boolean;
  readonly maskedPaths: readonly string[];
  /** The image that it makes sandboxes from, where it says so (containerd before 2.0). */
  readonly sandboxImage: string | undefined;
  /** Whether images may come from elsewhere than their own registry. */
  readonly hasMirrors: boolean;
};

/** Asks the runtime once, and again after it was restarted, when it may be set up otherwise. */
export class CriFactsCache {
  readonly #client: CriClient;
  readonly #host: FactsHost;
  #asked: Promise<CriFacts> | undefined;

  constructor({ client, host }: { readonly client: CriClient; readonly host: FactsHost }) {
    this.#client = client;
    this.#host = host;
  }

  get(): Promise<CriFacts> {
    this.#asked ??= askRuntime(this.#client, this.#host).catch((thrown: unknown) => {
      this.#asked = undefined;
      throw thrown;
    });
    return this.#asked;
  }

  forget(): void {
    this.#asked = undefined;
  }
}

async function askRuntime(client: CriClient, host: FactsHost): Promise<CriFacts> {
  const options = { what: 'cannot ask the container runtime what it can', timeoutMs: lookTimeoutMs };
  const [version, answer, driver, masked, appArmor, systemd] = await Promise.all([
    client.call('Version', {}, options),
    client.call('Status', { verbose: true }, options),
    client.call('RuntimeConfig', {}, options).catch(unimplementedIsNull),
    machinesMaskedPaths(host),
    host.readText('/sys/module/apparmor/parameters/enabled').catch(() => undefined),
    host.stat('/run/systemd/system'),
  ]);
  const config = parsed(answer.info.config);
  const told = driver?.linux?.cgroupDriver ?? containerdDriver(config);
  return {
    runtimeName: version.runtimeName,
    heedsStopSignal: !(version.runtimeName === 'containerd' && /^v?[01]\./.test(version.runtimeVersion)),
    notReady: notReady(answer),
    tellsDriver: driver !== null,
    // CRI-O's own default is what the machine is run by.
    cgroupDriver: (told ?? (systemd === undefined ? 'CGROUPFS' : 'SYSTEMD')) === 'SYSTEMD' ? 'systemd' : 'cgroupfs',
    appArmor: appArmor?.startsWith('Y') ?? false,
    recursiveReadOnly: canReadOnlyDeep(answer),
    maskedPaths: [...maskedPaths, ...masked],
    sandboxImage: textAt(config, 'sandboxImage'),
    hasMirrors:
      textAt(config, 'registry', 'configPath') !== undefined || memberAt(config, 'registry', 'mirrors') != null,
  };
}

function notReady({ status: told }: Calls['Status']['response']): string | undefined {
  const condition = told?.conditions.find(({ type }) => type === 'RuntimeReady');
  if (condition === undefined || condition.status) return undefined;
  return [condition.reason, condition.message].filter((text) => text !== '').join(': ') || 'it gives no reason';
}

/** The handler without a name is the default one. */
function canReadOnlyDeep({ runtimeHandlers }: Calls['Status']['response']): boolean {
  return runtimeHandlers.some(({ name, features }) => name === '' && features?.recursiveReadOnlyMounts === true);
}

/** containerd before 2.0 answers no RuntimeConfig, but shows its configuration (pkg/cri/server/status.go). */
function containerdDriver(config: unknown): 'SYSTEMD' | 'CGROUPFS' | undefined {
  const name = textAt(config, 'containerd', 'defaultRuntimeName');
  if (name === undefined) return undefined;
  const flag = memberAt(config, 'containerd', 'runtimes', name, 'options', 'SystemdCgroup');
  return flag === true ? 'SYSTEMD' : 'CGROUPFS';
}

/** What a processor's own directory tells of its heat is masked where there is such (pkg/securitycontext/util.go). */
async function machinesMaskedPaths(host: FactsHost): Promise<readonly string[]> {
  const cpus = '/sys/devices/system/cpu';
  const names = ((await host.list(cpus)) ?? []).filter((name) => /^cpu\d+$/.test(name));
  const paths = names.map((name) => `${cpus}/${name}/thermal_throttle`);
  const found = await Promise.all(paths.map((path) => host.stat(path)));
  return paths.filter((_path, index) => found[index] !== undefined);
}

function unimplementedIsNull(thrown: unknown): null {
  if (hasStatus(thrown, status.unimplemented)) return null;
  throw thrown;
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function memberAt(value: unknown, ...names: readonly string[]): unknown {
  return names.reduce<unknown>(
    (at, name) => (at !== null && typeof at === 'object' ? Reflect.get(at, name) : undefined),
    value,
  );
}

function textAt(value: unknown, ...names: readonly string[]): string | undefined {
  const found = memberAt(value, ...names);
  return typeof found === 'string' && found !== '' ? found : undefined;
}
