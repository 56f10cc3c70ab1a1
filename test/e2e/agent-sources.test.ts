import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually, expectCode, run } from './support/command.ts';
import { engineOf, runtimes } from './support/engine.ts';
import { isRunning } from './support/lone-agent.ts';
import { editOf, manifest, SourceAgent } from './support/source-pods.ts';

/** Moves a complete file into place. */
function move(agent: SourceAgent, name: string, text: string): void {
  fs.writeFileSync(agent.file(`.${name}.new`), text);
  fs.renameSync(agent.file(`.${name}.new`), agent.file(name));
}

for (const runtime of runtimes(['docker', 'process'])) {
  describe(`${runtime}: a directory of manifests`, { concurrency: true }, () => {
    const agent = new SourceAgent(runtime);
    before(() => agent.start());
    after(() => agent.destroy());

    test('half a file that would be valid starts nothing before the writer is done (A1)', async () => {
      const whole = manifest('partial', 'whole', ['main', 'second']);
      const half = whole.indexOf('  - name: second');
      const fd = fs.openSync(agent.file('partial.yaml'), 'w');
      for (const part of [whole.slice(0, half), whole.slice(half)]) {
        fs.writeSync(fd, part);
        await pause(50);
      }
      fs.closeSync(fd);
      const found = await agent.pod('partial-node1');
      assert.equal(found.pod.spec.containers.length, 2);
      assert.deepEqual(await agent.refusal('partial.yaml'), undefined);
    });

    test('an invalid edit keeps the pod through every look, until it is valid again (A2)', async () => {
      agent.write('invalid.yaml', manifest('invalid'));
      const first = await agent.running('invalid', 'first');
      agent.write('invalid.yaml', manifest('invalid', 'bad').replace('image:', 'imge:'));
      const refused = await eventually('the edit is refused', () => agent.refusal('invalid.yaml'));
      assert.match(refused.reason, /invalid\.yaml:\d+:\d+: error: spec\.containers\[0\]\.image: required value/);
      for (let looks = 0; looks < 3; looks++) await agent.look();
      assert.equal((await agent.refusal('invalid.yaml'))?.lastGoodRuns, true);
      assert.deepEqual(await agent.running('invalid', 'first'), first);
      agent.write('invalid.yaml', manifest('invalid', 'good'));
      assert.notEqual((await agent.running('invalid', 'good')).uid, first.uid);
      assert.equal(await agent.refusal('invalid.yaml'), undefined);
    });

    test('500 touches restart nothing (A20)', async () => {
      agent.write('touched.yaml', manifest('touched'));
      const first = await agent.running('touched', 'first');
      for (let touches = 0; touches < 500; touches++) fs.utimesSync(agent.file('touched.yaml'), new Date(), new Date());
      agent.write('touched.yaml', `# other words\n${manifest('touched')}`);
      await agent.look();
      assert.deepEqual(await agent.running('touched', 'first'), first);
    });

    if (runtime === 'process') return;

    test('of two files for one pod the first stays, and the other takes over when it goes (A3)', async () => {
      agent.write('two-b.yaml', manifest('two', 'b'));
      const first = await agent.running('two', 'b');
      agent.write('two-a.yaml', manifest('two', 'a'));
      const refused = await eventually('the second is refused', () => agent.refusal('two-a.yaml'));
      assert.match(refused.reason, /default\/two-node1 is defined by \S+two-b\.yaml already/);
      assert.deepEqual(await agent.running('two', 'b'), first);
      agent.remove('two-b.yaml');
      await agent.running('two', 'a');
    });

    test('a renamed file is another pod of the same name (A4)', async () => {
      agent.write('old-name.yaml', manifest('renamed'));
      const first = await agent.running('renamed', 'first');
      fs.renameSync(agent.file('old-name.yaml'), agent.file('new-name.yaml'));
      await agent.pod('renamed-node1', (pod) => pod.pod.metadata.uid !== first.uid && isRunning(pod));
    });

    test('leftovers, directories, pipes, sockets and broken links are no manifests and block nothing (A5)', async () => {
      for (const name of ['.hidden.yaml', 'left.yaml~', 'left.yaml.bak', 'left.swp', 'left.orig', 'left.rpmsave'])
        agent.write(name, manifest('leftover'));
      fs.mkdirSync(agent.file('directory'));
      agent.write('directory/inside.yaml', manifest('leftover'));
      expectCode(await run('mkfifo', [agent.file('pipe.yaml')]), 0);
      fs.symlinkSync('/nowhere/at/all', agent.file('broken.yaml'));
      fs.writeFileSync(agent.file('bytes.yaml'), Buffer.from([0x61, 0x0a, 0xff, 0xfe]));
      fs.writeFileSync(agent.file('large.yaml'), Buffer.alloc(10 * 1024 * 1024 + 1, '#'));
      fs.writeFileSync(agent.file('odd \u00e9\n$(x) name'), manifest('odd-name'));
      agent.write('deployment.yaml', 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n');
      await agent.look();
      await agent.running('odd-name', 'first');
      const { pods } = await agent.status();
      assert.equal(
        pods.some(({ pod }) => pod.metadata.name.startsWith('leftover')),
        false,
      );
      assert.match((await agent.refusal('broken.yaml'))?.reason ?? '', /leads to nothing/);
      assert.match((await agent.refusal('bytes.yaml'))?.reason ?? '', /not UTF-8: byte 0xff in line 2, column 1/);
      assert.match((await agent.refusal('large.yaml'))?.reason ?? '', /10 MiB/);
      assert.match(
        (await agent.refusal('deployment.yaml'))?.reason ?? '',
        /a Deployment needs a controller in a cluster/,
      );
    });

    test('another target of a link counts at once, also by way of ..data (A7)', async () => {
      const outside = join(agent.root, 'outside');
      fs.mkdirSync(outside);
      fs.writeFileSync(join(outside, 'linked.yaml'), manifest('linked'));
      fs.symlinkSync('../outside/linked.yaml', agent.file('linked.yaml'));
      for (const version of ['1', '2']) {
        fs.mkdirSync(agent.file(`..version-${version}`));
        fs.writeFileSync(agent.file(`..version-${version}/data.yaml`), manifest('data', version));
      }
      fs.symlinkSync('..version-1', agent.file('..data'));
      fs.symlinkSync('..data/data.yaml', agent.file('data.yaml'));
      await agent.running('linked', 'first');
      await agent.running('data', '1');
      fs.writeFileSync(join(outside, 'new'), manifest('linked', 'second'));
      fs.renameSync(join(outside, 'new'), join(outside, 'linked.yaml'));
      fs.symlinkSync('..version-2', agent.file('..data-new'));
      fs.renameSync(agent.file('..data-new'), agent.file('..data'));
      const desired = async (name: string, edit: string) =>
        (await agent.status()).pods.some((pod) => pod.pod.metadata.name === name && editOf(pod) === edit);
      // Far below the 20 s of the rescan.
      await eventually('the target counts', () => desired('linked-node1', 'second'), 5000);
      await eventually('the swapped directory counts', () => desired('data-node1', '2'), 5000);
      await agent.running('linked', 'second');
      await agent.running('data', '2');
    });

    test('300 edits end in exactly the last one, and so do edits in place for seconds (G3)', async () => {
      for (let edit = 0; edit < 300; edit++) move(agent, 'moved.yaml', manifest('moved', String(edit)));
      for (let edit = 0; edit < 80; edit++) {
        agent.write('in-place.yaml', manifest('in-place', String(edit)));
        await pause(100);
      }
      const moved = await agent.running('moved', '299');
      const inPlace = await agent.running('in-place', '79');
      const there = await engineOf(runtime).find({ 'kube-bootstrap/owner': agent.owner() });
      const running = there.filter(({ state, container }) => state === 'running' && container === 'main');
      for (const { id } of [moved, inPlace]) assert.ok(running.some((one) => one.id === id));
    });
  });
}
