import type { Pod } from '../../kube/types.ts';
import type { ComponentName } from '../../manifests/component.ts';
import type { Cause, Change, Forms } from '../types.ts';
import { difference, differingKeys } from './differences.ts';
import { type Facets, facetsOf } from './facets.ts';
import { shownBeside } from './secrets.ts';

/** A component's manifest in the manifest directory. */
export type DiskManifest =
  | { readonly state: 'absent' }
  | { readonly state: 'invalid'; readonly reason: string }
  | {
      readonly state: 'there';
      readonly pod: Pod;
      /** Whether the file is as we wrote it last; undefined when nothing tells. */
      readonly asWritten: boolean | undefined;
    };

/** A component as the agent shows it. */
export type RunningComponent = {
  readonly pod: Pod;
  /** When its container started; undefined while it does not run. */
  readonly startedAtMs: number | undefined;
  /** The reference that the container was started from, where the runtime tells. */
  readonly image: string | undefined;
};

export type ThreeWays = {
  readonly component: ComponentName;
  readonly file: string;
  readonly rendered: Pod;
  readonly onDisk: DiskManifest;
  /** Undefined: an agent answers, and the component is not there. `unknown`: no agent answers. */
  readonly running: RunningComponent | 'unknown' | undefined;
  /** As it was last written by us, as far as a revision tells. */
  readonly lastWritten: Pod | undefined;
  /** As it is in the last good revision, where that was rendered from the same configuration. */
  readonly sameInput: Pod | undefined;
  /** The last good revision is a hand edit of this manifest that was taken on. */
  readonly adopted: boolean;
};

/** Why most things change. */
export const usualReason = 'the configuration asks for it';

/** What differs between the three forms of one manifest, and whether the running pod is another than the rendered one. */
export function compareThreeWays(ways: ThreeWays): { readonly changes: readonly Change[]; readonly restart: boolean } {
  const rendered = facetsOf(ways.rendered);
  const disk = ways.onDisk.state === 'there' ? facetsOf(ways.onDisk.pod) : undefined;
  const running = typeof ways.running === 'object' ? facetsOf(ways.running.pod) : undefined;
  const fromDisk = disk === undefined ? [] : differingKeys(disk, rendered);
  const fromRunning = running === undefined ? [] : differingKeys(running, rendered);
  const keys = [...fromRunning, ...fromDisk.filter((key) => !fromRunning.includes(key))];
  const facts = { ways, rendered, disk, running };
  const changes = [...wholeFile(ways), ...keys.map((key) => changeOf(key, facts)), ...otherImage(ways)];
  const differs = ways.running === 'unknown' ? disk === undefined || fromDisk.length > 0 : fromRunning.length > 0;
  return { changes, restart: differs || ways.running === undefined || otherImage(ways).length > 0 };
}

function wholeFile({ onDisk, file, running, lastWritten, component }: ThreeWays): readonly Change[] {
  const gone: readonly Change[] =
    running === undefined && onDisk.state === 'there'
      ? [{ what: 'file', name: component, because: 'the agent does not run it', cause: 'not running' }]
      : [];
  if (onDisk.state === 'there') return gone;
  if (onDisk.state === 'invalid') {
    const because = `it is no manifest that can be run: ${onDisk.reason}`;
    return [{ what: 'file', name: file, because, cause: 'hand edit' }];
  }
  const was = lastWritten !== undefined || typeof running === 'object';
  const because = was ? 'the manifest was deleted' : 'there is no manifest yet';
  return [{ what: 'file', name: file, because, cause: was ? 'file deleted' : 'configuration' }];
}

type Compared = {
  readonly ways: ThreeWays;
  readonly rendered: Facets;
  readonly disk: Facets | undefined;
  readonly running: Facets | undefined;
};

function changeOf(key: string, compared: Compared): Change {
  const { ways, rendered, disk, running } = compared;
  const wanted = rendered.get(key)?.value;
  const written = disk?.get(key)?.value;
  const runs = running?.get(key)?.value;
  const shownAsIs = running !== undefined && runs !== wanted;
  const now = shownAsIs ? running.get(key) : disk?.get(key);
  const { cause, because } = causeOf({ ways, key, wanted, written, runs: shownAsIs ? runs : undefined });
  return { ...difference(now, rendered.get(key)), because, cause, forms: formsOf(key, compared) };
}

function formsOf(key: string, { rendered, disk, running }: Compared): Forms {
  const name = (rendered.get(key) ?? running?.get(key) ?? disk?.get(key))?.name ?? key;
  const wanted = rendered.get(key)?.value;
  const form = (facets: Facets) => shownBeside(name, facets.get(key)?.value, wanted) ?? null;
  return {
    rendered: form(rendered),
    ...(disk !== undefined && { onDisk: form(disk) }),
    ...(running !== undefined && { running: form(running) }),
  };
}

type Values = {
  readonly ways: ThreeWays;
  readonly key: string;
  readonly wanted: string | undefined;
  readonly written: string | undefined;
  readonly runs: string | undefined;
};

function causeOf({ ways, key, wanted, written, runs }: Values): { readonly cause: Cause; readonly because: string } {
  const { onDisk, lastWritten } = ways;
  if (onDisk.state === 'there' && written === wanted) {
    return { cause: 'running differs', because: 'the manifest says so, but something else runs' };
  }
  if (onDisk.state === 'absent') return { cause: 'file deleted', because: 'the manifest was deleted' };
  if (onDisk.state === 'invalid') {
    if (ways.sameInput === undefined) return asked(key, ways, wanted);
    return { cause: 'running differs', because: 'something else runs' };
  }
  const last = lastWritten === undefined ? undefined : facetsOf(lastWritten);
  const byHand = last === undefined ? onDisk.asWritten === false : last.get(key)?.value !== written;
  if (!byHand) return asked(key, ways, wanted);
  const rests = runs !== undefined && runs !== written ? ', and does not run yet' : '';
  return { cause: 'hand edit', because: `the manifest was edited by hand${rests}` };
}

/** By what is rendered now, rather than by what became of it. */
function asked(
  key: string,
  { sameInput, adopted }: ThreeWays,
  wanted: string | undefined,
): { readonly cause: Cause; readonly because: string } {
  if (/^env .*_proxy$/i.test(key)) {
    return { cause: 'configuration', because: 'proxy variables of the calling shell are passed on' };
  }
  if (sameInput === undefined) return { cause: 'configuration', because: usualReason };
  if (facetsOf(sameInput).get(key)?.value === wanted) {
    return { cause: 'failed change', because: 'a change that failed left it so' };
  }
  if (adopted) return { cause: 'hand edit', because: 'the manifest was edited by hand, and taken on as a revision' };
  const because = 'this release, a template or what the machine has asks for it; the configuration is as it was';
  return { cause: 'rendered differently', because };
}

/** The container may run from another image than its manifest says: somebody replaced it. */
function otherImage({ running, rendered }: ThreeWays): readonly Change[] {
  if (typeof running !== 'object') return [];
  const [wanted, said] = [rendered.spec.containers[0]?.image ?? '', running.pod.spec.containers[0]?.image];
  const { image } = running;
  // A bare ID tells nothing of the reference that it was started from.
  if (image === undefined || image === '' || /^(?:sha256:)?[0-9a-f]{64}$/.test(image)) return [];
  if (said !== wanted || sameReference(image, wanted)) return [];
  const because = 'the container was not started from what its manifest says';
  return [{ what: 'image', name: 'running image', from: image, to: wanted, because, cause: 'other image running' }];
}

function sameReference(a: string, b: string): boolean {
  const plain = (reference: string) => reference.replace(/^docker\.io\/(?:library\/)?/, '').replace(/@sha256:.*$/, '');
  return plain(a) === plain(b);
}
