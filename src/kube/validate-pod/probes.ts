import type { FieldErrors, FieldPath } from '../field-errors.ts';
import type { Container, HttpGetAction, LifecycleHandler, PodSpec, Probe, ProbeHandler } from '../types.ts';
import { checks } from './checks.ts';

type Handler = ProbeHandler & LifecycleHandler;

/** The probes and lifecycle hooks of a container that runs on (validateLivenessProbe and its like, validateLifecycle). */
export function validateProbesAndHooks(
  container: Container,
  path: FieldPath,
  { errors, spec }: { readonly errors: FieldErrors; readonly spec: PodSpec },
): void {
  const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container;
  for (const [name, probe] of Object.entries({ livenessProbe, readinessProbe, startupProbe })) {
    if (probe === undefined) continue;
    validateProbe(probe, [...path, name], errors);
    warnOfUnknownPort(container, probe, { path: [...path, name], errors });
  }
  if (lifecycle === undefined) return;
  const at = [...path, 'lifecycle'];
  if (lifecycle.postStart) validateHandler(lifecycle.postStart, [...at, 'postStart'], { errors, spec });
  if (lifecycle.preStop) validateHandler(lifecycle.preStop, [...at, 'preStop'], { errors, spec });
  if (lifecycle.stopSignal !== undefined)
    validateStopSignal(lifecycle.stopSignal, [...at, 'stopSignal'], { errors, spec });
}

function validateProbe(probe: Probe, path: FieldPath, errors: FieldErrors): void {
  const check = checks(errors);
  validateHandler(probe, path, { errors });
  for (const name of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    check.atLeastZero([...path, name], probe[name]);
  }
  const grace = probe.terminationGracePeriodSeconds;
  const gracePath = [...path, 'terminationGracePeriodSeconds'];
  if (grace !== undefined && grace <= 0) errors.invalid(gracePath, grace, 'must be greater than 0');
  if (path.at(-1) === 'readinessProbe') {
    if (grace !== undefined) errors.invalid(gracePath, grace, 'must not be set for readinessProbes');
  } else if (probe.successThreshold !== 1) {
    errors.invalid([...path, 'successThreshold'], probe.successThreshold, 'must be 1');
  }
}

function validateHandler(
  handler: Handler,
  path: FieldPath,
  { errors, spec }: { readonly errors: FieldErrors; readonly spec?: PodSpec },
): void {
  const kinds = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter(
    (kind) => handler[kind] !== undefined,
  );
  if (kinds.length === 0) errors.required(path, 'must specify a handler type');
  for (const kind of kinds.slice(1)) errors.forbidden([...path, kind], 'may not specify more than 1 handler type');
  const [kind] = kinds;
  const at = kind === undefined ? path : [...path, kind];
  if (kind === 'exec' && !handler.exec?.command?.length) errors.required([...at, 'command']);
  if (kind === 'httpGet' && handler.httpGet) validateHttpGet(handler.httpGet, at, errors);
  if (kind === 'tcpSocket') validatePort(handler.tcpSocket?.port, [...at, 'port'], errors);
  if (kind === 'grpc') validatePort(handler.grpc?.port, [...at, 'port'], errors);
  const limit = spec?.terminationGracePeriodSeconds ?? 0;
  const seconds = handler.sleep?.seconds ?? 0;
  if (kind === 'sleep' && (seconds < 0 || seconds > limit)) {
    errors.invalid(at, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${limit})`);
  }
}

function validateHttpGet(action: HttpGetAction, path: FieldPath, errors: FieldErrors): void {
  validatePort(action.port, [...path, 'port'], errors);
  checks(errors).oneOf([...path, 'scheme'], action.scheme, ['HTTP', 'HTTPS']);
  for (const [index, { name = '' }] of (action.httpHeaders ?? []).entries()) {
    const why = 'a valid HTTP header must consist of alphanumeric characters or "-"';
    if (!/^[-A-Za-z0-9]+$/.test(name)) errors.invalid([...path, 'httpHeaders', index, 'name'], name, why);
  }
}

function validatePort(port: number | string | undefined, path: FieldPath, errors: FieldErrors): void {
  const check = checks(errors);
  if (port === undefined) errors.required(path);
  else if (typeof port === 'number') check.between(path, port, [1, 65_535]);
  else check.portName(path, port);
}

/** The API server accepts it, but the probe can only fail. */
function warnOfUnknownPort(
  { ports = [] }: Container,
  { httpGet, tcpSocket }: Probe,
  { path, errors }: { readonly path: FieldPath; readonly errors: FieldErrors },
): void {
  const port = httpGet?.port ?? tcpSocket?.port;
  if (typeof port !== 'string' || ports.some(({ name }) => name === port)) return;
  errors.warning([...path, httpGet ? 'httpGet' : 'tcpSocket', 'port'], `the container has no port named "${port}"`);
}

/** Every signal of Linux by its name, those in real time among them; Windows knows two. */
const stopSignals = {
  linux:
    /^SIG(ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IOT?|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM|TRAP|TSTP|TTIN|TTOU|URG|USR[12]|VTALRM|WINCH|XCPU|XFSZ|RTMIN(\+([1-9]|1[0-5]))?|RTMAX(-([1-9]|1[0-4]))?)$/,
  windows: /^SIG(KILL|TERM)$/,
};

function validateStopSignal(
  signal: string,
  path: FieldPath,
  { errors, spec }: { readonly errors: FieldErrors; readonly spec: PodSpec },
): void {
  const os: string | undefined = spec.os?.name;
  if (os === undefined) errors.forbidden(path, 'may not be set for containers with empty `spec.os.name`');
  else if ((os === 'linux' || os === 'windows') && !stopSignals[os].test(signal))
    errors.invalid(path, signal, `must be the name of a signal of ${os}, such as SIGTERM`);
}
