import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a container of an acceptance pod does; it says each step in the pod's order log. Times in seconds. */
export type Steps = {
  /** Between `Starting` and `Started`. */
  readonly startDelay?: number;
  /** Between `Started` and `Exiting`; `forever` by default for main containers and sidecars, 0 for init containers. */
  readonly delay?: number | 'forever';
  readonly exitCode?: number;
  /** Between SIGTERM and `Exiting`; `let go`: until the file let-go is in the pod's directory. */
  readonly termination?: number | 'let go';
  /** Ignores SIGTERM. */
  readonly deaf?: boolean;
  /** Writes nothing into the order log: its user may not. */
  readonly silent?: boolean;
  /** Shell run after `Started`. */
  readonly script?: string;
};

type Fields = Readonly<Record<string, unknown>>;

const forever = 'while :; do sleep 1000 & wait $!; done';
/** The times of the log: seconds since boot, so that no program is needed for them. */
const say = (name: string, log: string) => `say() { read up rest < /proc/uptime; echo "$up ${name} $1" >> ${log}; }`;

/** A static pod whose containers write an order log; on the host network, with a grace period of 5 s. */
export class AcceptancePod {
  readonly name: string;
  /** The pod's own directory on the host, at the same path in its containers. */
  readonly directory: string;
  readonly #image: string;
  readonly #spec: Fields;
  readonly #metadata: Fields;
  readonly #inits: Fields[] = [];
  readonly #mains: Fields[] = [];

  constructor(
    place: { readonly image: string; readonly directory: string },
    name: string,
    spec: Fields = {},
    metadata: Fields = {},
  ) {
    this.name = name;
    this.directory = join(place.directory, name);
    this.#image = place.image;
    this.#spec = spec;
    this.#metadata = metadata;
  }

  init(name: string, steps: Steps = {}, fields: Fields = {}): this {
    this.#inits.push(this.#container(name, { delay: 0, ...steps }, fields));
    return this;
  }

  sidecar(name: string, steps: Steps = {}, fields: Fields = {}): this {
    this.#inits.push(this.#container(name, steps, { restartPolicy: 'Always', ...fields }));
    return this;
  }

  main(name: string, steps: Steps = {}, fields: Fields = {}): this {
    this.#mains.push(this.#container(name, steps, fields));
    return this;
  }

  manifest(): string {
    const spec = {
      hostNetwork: true,
      terminationGracePeriodSeconds: 5,
      volumes: [{ name: 'order', hostPath: { path: this.directory, type: 'DirectoryOrCreate' } }],
      ...(this.#inits.length === 0 ? {} : { initContainers: this.#inits }),
      containers: this.#mains,
      ...this.#spec,
    };
    return `${JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: this.name, ...this.#metadata }, spec }, null, 1)}\n`;
  }

  /** A command, for a hook or a probe, that says the words in the order log, around an optional shell line. */
  hook(name: string, shell = '', last = 'Exiting'): string[] {
    const lines = [say(name, this.#log), 'say Starting', shell, `say ${last}`];
    return ['/bin/sh', '-c', lines.join('\n')];
  }

  /** A probe that succeeds while the file of that name is in the pod's directory. */
  probe(file: string, fields: Fields = {}): Fields {
    return this.#probe(`[ -e ${this.directory}/${file} ]`, fields);
  }

  /** A probe that succeeds until the file of that name is in the pod's directory. */
  probeUnless(file: string, fields: Fields = {}): Fields {
    return this.#probe(`[ ! -e ${this.directory}/${file} ]`, fields);
  }

  /** Makes an empty file in the pod's directory. */
  touch(file: string): void {
    writeFileSync(join(this.directory, file), '');
  }

  get #log(): string {
    return `${this.directory}/order.log`;
  }

  #probe(test: string, fields: Fields): Fields {
    const exec = { command: ['/bin/sh', '-c', test] };
    return { exec, periodSeconds: 1, timeoutSeconds: 10, failureThreshold: 1, ...fields };
  }

  #container(name: string, steps: Steps, fields: Fields): Fields {
    return {
      name,
      image: this.#image,
      command: ['/bin/sh', '-c', this.#script(name, steps)],
      volumeMounts: [{ name: 'order', mountPath: this.directory }],
      ...fields,
    };
  }

  #script(name: string, steps: Steps): string {
    const { startDelay = 0, delay = 'forever', exitCode = 0, termination = 0, deaf = false } = steps;
    const wait = (seconds: number) => (seconds === 0 ? '' : `sleep ${seconds} & wait $!`);
    const letGo = `while [ ! -e ${this.directory}/let-go ]; do sleep 0.1; done; `;
    const ending = termination === 'let go' ? letGo : termination === 0 ? '' : `sleep ${termination}; `;
    const onTerm = `${ending}say Exiting; exit ${exitCode}`;
    if (steps.silent)
      return [steps.script ?? '', delay === 'forever' ? forever : wait(delay), `exit ${exitCode}`].join('\n');
    return [
      say(name, this.#log),
      deaf ? "trap '' TERM" : `trap '${onTerm}' TERM`,
      'say Starting',
      wait(startDelay),
      'say Started',
      // The file that `probe('NAME.started')` looks for.
      `: > ${this.directory}/${name}.started`,
      steps.script ?? '',
      delay === 'forever' ? forever : wait(delay),
      'say Exiting',
      `exit ${exitCode}`,
    ].join('\n');
  }
}
