import type { Pod } from '../kube/types.ts';
import type { ComponentName } from '../manifests/component.ts';
import { difference, differingKeys } from './differences.ts';
import { type Facets, facetsOf } from './facets.ts';
import type { Cause, Change } from './types.ts';

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

type Forms = {
  readonly ways: ThreeWays;
  readonly rendered: Facets;
  readonly disk: Facets | undefined;
  readonly running: Facets | undefined;
};

function changeOf(key: string, { ways, rendered, disk, running }: Forms): Change {
  const wanted = rendered.get(key)?.value;
  const written = disk?.get(key)?.value;
  const runs = running?.get(key)?.value;
  const shownAsIs = running !== undefined && runs !== wanted;
  const now = shownAsIs ? running.get(key) : disk?.get(key);
  const { cause, because } = causeOf({ ways, key, wanted, written, runs: shownAsIs ? runs : undefined });
  return { ...difference(now, rendered.get(key)), because, cause };
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
  if (onDisk.state === 'invalid') return { cause: 'configuration', because: asksFor(key) };
  const last = lastWritten === undefined ? undefined : facetsOf(lastWritten);
  const byHand = last === undefined ? onDisk.asWritten === false : last.get(key)?.value !== written;
  if (!byHand) return { cause: 'configuration', because: asksFor(key) };
  const rests = runs !== undefined && runs !== written ? ', and does not run yet' : '';
  return { cause: 'hand edit', because: `the manifest was edited by hand${rests}` };
}

function asksFor(key: string): string {
  return /^env .*_proxy$/i.test(key) ? 'proxy variables of the calling shell are passed on' : usualReason;
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
