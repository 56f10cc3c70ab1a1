/** `npm run bench [-- control-plane|rollout|cluster|pods|cri|churn …]`: our figures beside those of the bare programs, in one run. */
import { benchChurn } from './churn.ts';
import { benchCluster } from './cluster.ts';
import { benchControlPlane } from './control-plane.ts';
import { benchCri } from './cri.ts';
import { benchPods } from './pods.ts';
import { benchRollout } from './rollout.ts';
import { type Row, render } from './rows.ts';

const parts: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  'control-plane': benchControlPlane,
  rollout: benchRollout,
  cluster: benchCluster,
  pods: benchPods,
  cri: benchCri,
  churn: benchChurn,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  process.stderr.write(`${unknown.join(', ')} is not measured; there are: ${Object.keys(parts).join(', ')}\n`);
  process.exit(3);
}
for (const [name, measure] of Object.entries(parts)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  for (const row of await measure()) process.stdout.write(`${render(row)}\n`);
}
