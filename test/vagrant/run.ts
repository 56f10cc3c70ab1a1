/**
 * Tells stories on virtual machines and writes their transcripts: `npm run test:vagrant -- [NAME …]`; the first without a name.
 * Needs Vagrant with its libvirt provider, debootstrap, root, and the packaged executable (`npm run package`). KEEP=yes
 * leaves the machines of a story that failed as they are; FROM=STEP goes on with that step, by the number that the error names.
 */
import { join, resolve } from 'node:path';
import { run } from '../e2e/support/command.ts';
import { controlPlaneStory } from './control-plane-story.ts';
import { faultsStory } from './faults-story.ts';
import { type Lab, makeLab } from './lab.ts';
import { packageStory } from './package-story.ts';
import type { Story } from './story.ts';
import { tell } from './tell.ts';
import { workerStory } from './worker-story.ts';

const stories: readonly Story[] = [controlPlaneStory, packageStory, workerStory, faultsStory];
const transcripts = process.env.TRANSCRIPTS ?? resolve('docs/transcripts');

const given = process.argv.slice(2);
const names = given.length > 0 ? given : [controlPlaneStory.name];
const unknown = names.filter((name) => !stories.some((story) => story.name === name));
if (unknown.length > 0)
  throw new Error(`no story ${unknown.join(', ')}; there are ${stories.map((story) => story.name).join(', ')}`);

const lab = makeLab();
const startedHere = await startLibvirt(lab);
let kept = false;
try {
  for (const story of stories) {
    if (names.includes(story.name)) await tellAndClean(story);
  }
} finally {
  if (startedHere && !kept) await script('stop');
}

async function tellAndClean(story: Story): Promise<void> {
  let told = false;
  try {
    await tell(story, lab, { transcript: join(transcripts, story.file), from: Number(process.env.FROM ?? 0) });
    told = true;
  } finally {
    kept = !told && process.env.KEEP === 'yes';
    if (!kept)
      await run('vagrant', ['destroy', '-f'], { env: { ...lab.environment, ...story.variables }, timeoutMs: 120_000 });
  }
}

/** By hand where nothing answers, as on a machine without systemd. */
async function startLibvirt({ environment }: Lab): Promise<boolean> {
  const asked = await run('virsh', ['-c', 'qemu:///system', 'list'], { env: environment, timeoutMs: 20_000 });
  if (asked.code === 0) return false;
  await script('start');
  return true;
}

async function script(verb: 'start' | 'stop'): Promise<void> {
  const log = join(lab.state, 'libvirt');
  // Not `run`: the daemons inherit its pipes and would keep it waiting.
  const { code, stderr } = await run('bash', ['-c', `vagrant/box/libvirt.sh ${verb} ${log} >/dev/null 2>&1`], {
    timeoutMs: 90_000,
  });
  if (code !== 0) throw new Error(`libvirt did not ${verb} within 90 s: see ${log}. ${stderr}`);
}
