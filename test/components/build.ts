import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { componentsCache } from './cache.ts';
import { type ComponentSet, componentSets } from './catalogue.ts';
import { ensureOutputs, type Made } from './ensure.ts';
import { ComponentsError } from './errors.ts';
import { fileOf, nameOf, type Output, outputsNamed, outputsOfSet, setOf } from './outputs.ts';

const usage = `Usage: node test/components/build.ts [--set control-plane|test|all] [--only NAME,...] [--list] [-o text|json]

Builds the Kubernetes programs and image archives that cannot be had from a registry, into
$XDG_CACHE_HOME/kube-bootstrap (~/.cache/kube-bootstrap). What is there already is kept.

  --set SET        control-plane: what \`npm run up\` needs; test (default): what the tests need; all
  --only NAME,...  just these programs and images
  --list           show what there is to build and what is there, and build nothing
  -o, --output     text (default) or json
  -h, --help

Example: node test/components/build.ts --only etcd,kubectl
`;

type Options = { set: ComponentSet; only: string[] | undefined; list: boolean; json: boolean; help: boolean };

async function main(commandLine: string[]): Promise<void> {
  const options = parse(commandLine);
  if (options.help) {
    process.stdout.write(usage);
    return;
  }
  const wanted = options.only ? outputsNamed(options.only) : outputsOfSet(options.set);
  if (options.list) report(wanted.map(describe), options.json);
  else await build(wanted, options.json);
}

function parse(commandLine: string[]): Options {
  try {
    const { values } = parseArgs({
      args: commandLine,
      options: {
        set: { type: 'string' },
        only: { type: 'string' },
        list: { type: 'boolean', default: false },
        output: { type: 'string', short: 'o', default: 'text' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const { list, help, output } = values;
    const set = oneOf('--set', values.set ?? (list ? 'all' : 'test'), componentSets);
    return { set, only: values.only?.split(','), list, help, json: oneOf('-o', output, ['text', 'json']) === 'json' };
  } catch (cause) {
    throw new ComponentsError((cause as Error).message, usage, 3);
  }
}

function oneOf<T extends string>(flag: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (!found) throw new Error(`${flag} is ${allowed.join(', ')}, not ${value}`);
  return found;
}

async function build(wanted: Output[], json: boolean): Promise<void> {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());
  const start = performance.now();
  const made = await ensureOutputs(wanted, interruption.signal);
  if (json) report(made.map(describeMade), true);
  else process.stdout.write(`${summary(made)} after ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
}

function summary(made: readonly Made[]): string {
  const built = made.filter(({ state }) => state === 'built').length;
  const programs = made.filter(({ output }) => output.kind === 'program').length;
  const all = `${programs} programs and ${made.length - programs} image archives are in ${componentsCache()}`;
  return built === 0 ? `${all}, nothing had to be built` : `${all}, ${built} of them new`;
}

type Row = { name: string; kind: string; set: ComponentSet; state: string; path: string; seconds?: number };

function describe(output: Output): Row {
  const path = fileOf(output);
  return {
    name: nameOf(output),
    kind: output.kind,
    set: setOf(output),
    state: existsSync(path) ? 'present' : 'absent',
    path,
  };
}

function describeMade({ output, state, seconds }: Made): Row {
  return { ...describe(output), state, seconds };
}

function report(rows: readonly Row[], json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ components: rows }, undefined, 2)}\n`);
    return;
  }
  const widest = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, kind, set, state, path }) =>
    [name.padEnd(widest), kind.padEnd(7), set.padEnd(13), state.padEnd(7), path].join('  '),
  );
  process.stdout.write(`${lines.join('\n')}\n`);
}

function fail(error: unknown): void {
  if (error instanceof ComponentsError) {
    process.stderr.write(`${error.message}\n${error.hint}\n`);
    process.exitCode = error.exitCode;
  } else if ((error as Error).name === 'AbortError') {
    process.stderr.write('\ninterrupted; what was finished is kept, and the next run goes on from there\n');
    process.exitCode = 130;
  } else {
    process.stderr.write(`${(error as Error).stack}\n`);
    process.exitCode = 70;
  }
}

await main(process.argv.slice(2)).catch(fail);
