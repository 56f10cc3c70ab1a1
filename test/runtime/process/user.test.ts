import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planUser } from '../../../src/runtime/process/user.ts';

const database = {
  passwd: 'root:x:0:0::/root:/bin/sh\nnonroot:x:65532:65532::/home:/sbin/nologin\nweb:x:33:44::/:/bin/false\n',
  group: 'root:x:0:\nadm:x:4:web,other\nwww:x:44:\n',
};
const none = { supplementalGroups: [] };

test('stays root without another word', () => {
  assert.equal(planUser('', none, database), undefined);
  assert.equal(planUser('root', none, database), undefined);
  assert.equal(planUser('0:0', none, database), undefined);
});

test("takes the image's user, by number or by name of the image", () => {
  assert.deepEqual(planUser('nonroot', none, database), { uid: 65532, gid: 65532, groups: [] });
  assert.deepEqual(planUser('65532', none, database), { uid: 65532, gid: 65532, groups: [] });
  assert.deepEqual(planUser('1000:2000', none, database), { uid: 1000, gid: 2000, groups: [] });
  assert.deepEqual(planUser('nonroot:www', none, database), { uid: 65532, gid: 44, groups: [] });
});

test("the pod's user wins, in group 0 when the image does not know it", () => {
  assert.deepEqual(planUser('nonroot', { ...none, runAsUser: 5 }, database), { uid: 5, gid: 0, groups: [] });
  assert.deepEqual(planUser('nonroot:www', { ...none, runAsUser: 33, runAsGroup: 7 }, database), {
    uid: 33,
    gid: 7,
    groups: [4],
  });
});

test('has the groups that the pod adds and those the image puts the user in', () => {
  assert.deepEqual(planUser('web', { supplementalGroups: [9, 4] }, database), { uid: 33, gid: 44, groups: [4, 9] });
  assert.deepEqual(planUser('', { supplementalGroups: [9] }, database), { uid: 0, gid: 0, groups: [9] });
});

test('says which name the image does not know', () => {
  assert.throws(() => planUser('stranger', none, database), /user stranger is not in its \/etc\/passwd/);
  assert.throws(() => planUser('web:strangers', none, database), /group strangers is not in its \/etc\/group/);
});
