import type { Agent } from '../../agent/agent.ts';
import type { AgentApi } from '../../agent/api/agent-api.ts';
import type { ServingCertificate } from '../../agent/credentials/serving-certificate.ts';
import { type KubeletApiDoors, serveKubeletApi } from '../../agent/kubelet-api/kubelet-api.ts';
import type { StreamProtocols } from '../../agent/kubelet-api/streams.ts';
import type { AgentMetrics } from '../../agent/metrics/agent-metrics.ts';
import { exposition } from '../../agent/metrics/registry.ts';
import type { AgentView } from '../../agent/routes.ts';
import type { AgentSettings } from '../../agent/settings/settings.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import { type Log, warnOnce } from '../../base/log.ts';
import type { Paths } from '../../config/paths.ts';
import type { Host } from '../../host/host.ts';
import type { TlsMaterial, TlsServing } from '../../host/serve-tls.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import type { AgentPorts } from './agent-ports.ts';

export type KubeletApiParts = {
  readonly host: Host;
  readonly clock: Clock;
  readonly log: Log;
  readonly paths: Paths;
  readonly settings: AgentSettings;
  readonly metrics: AgentMetrics;
  readonly view: AgentView;
  readonly agent: Pick<Agent, 'seen'>;
  readonly runtime: ContainerRuntime;
  readonly api: Pick<AgentApi, 'client'>;
  readonly serving: ServingCertificate;
  /** By `namespace/name`. */
  readonly mirrorUid: (key: string) => string | undefined;
};

/** How soon another file of authorities counts; the kubelet looks once a minute too (apiserver dynamiccertificates). */
const lookEveryMs = 60_000;

/** Serves the kubelet's API. A port that is taken costs only this. */
export async function openKubeletApi(given: KubeletApiParts): Promise<AgentPorts> {
  const { settings, log } = given;
  const parts = { ...given, log: { ...log, warn: warnOnce(log) } };
  if (settings.kubeletPort === 0) return { problems: [], close: async () => {} };
  const where = { address: settings.address, port: settings.kubeletPort };
  try {
    let clientCa = await readClientCa(parts);
    const server = await serveKubeletApi(doorsOf(parts), where, { ...parts.serving.current(), clientCa });
    const renew = () => changeMaterial(server, { ...parts.serving.current(), clientCa }, log);
    const forget = parts.serving.onChange(renew);
    const stop = everyMinute(parts.clock, async () => {
      const read = await readClientCa(parts);
      if (read === clientCa) return;
      clientCa = read;
      renew();
    });
    return { problems: [], close: () => closed(server, [forget, stop]) };
  } catch (thrown) {
    const problem = `the kubelet's API is not served: ${messageOf(thrown)}`;
    log.warn(problem);
    return { problems: [problem], close: async () => {} };
  }
}

/** What is of no use changes nothing: a file may be half written. */
function changeMaterial(server: TlsServing, material: TlsMaterial, log: Log): void {
  try {
    server.setMaterial(material);
  } catch (thrown) {
    log.warn(`the kubelet's API goes on with its former certificates: ${messageOf(thrown)}`);
  }
}

async function closed(server: TlsServing, ends: readonly (() => void)[]): Promise<void> {
  for (const end of ends) end();
  await server.close();
}

function doorsOf(parts: KubeletApiParts): KubeletApiDoors {
  const { settings, view, metrics, api, agent } = parts;
  const probes = () => metrics.families(view.status()).filter(({ name }) => name.startsWith('prober_'));
  return {
    ...parts,
    nodeName: settings.nodeName,
    client: () => api.client(),
    seen: (key) => agent.seen(key),
    pods: () => view.status().pods,
    view: { ...view, probeMetrics: () => exposition(probes()) },
    protocols: protocolsOf(parts.clock),
  };
}

/** Loaded when the first client comes: most agents never see one. */
function protocolsOf(clock: Clock): StreamProtocols {
  return {
    remoteCommand: async (request, wanted, run) => {
      const { serveRemoteCommand } = await import('../../streaming/remote-command.ts');
      await serveRemoteCommand(request, wanted, run, { clock });
    },
    portForward: async (request, legacyPorts, connect) => {
      const { servePortForward } = await import('../../streaming/port-forward.ts');
      await servePortForward(request, legacyPorts, connect, { clock });
    },
  };
}

/** Without it certificates tell nobody, tokens do. */
async function readClientCa({ host, settings, log }: KubeletApiParts): Promise<string | undefined> {
  const path = settings.clientCAFile;
  const text = path === undefined ? undefined : await host.readText(path).catch(() => undefined);
  if (text === undefined && path !== undefined)
    log.warn(`the kubelet's API takes no client certificates: ${path} cannot be read`);
  return text;
}

function everyMinute(clock: Clock, look: () => Promise<void>): () => void {
  let ended = false;
  let cancel = () => {};
  const next = () => {
    cancel = clock.after(lookEveryMs, () => void look().finally(() => ended || next()));
  };
  next();
  return () => {
    ended = true;
    cancel();
  };
}
