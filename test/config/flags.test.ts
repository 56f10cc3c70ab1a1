import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderFinding } from '../../src/base/diagnostics.ts';
import { type ConfigFlags, configFlagsOf, flagFields, flagName } from '../../src/config/flags.ts';
import { checkConfig, loadConfig } from '../../src/config/load.ts';
import { configHost, configText } from '../fakes/config-host.ts';

const load = (flags: ConfigFlags) =>
  loadConfig({ host: configHost({ files: { '/work/p': undefined } }), flags, rootDir: '/' });
const check = async (flags: ConfigFlags, text?: string) => {
  const host = configHost({ files: { ...(text !== undefined && { 'c.yaml': text }) } });
  const { findings } = await checkConfig({ host, ...(text !== undefined && { file: 'c.yaml' }), flags, rootDir: '/' });
  return findings.map(renderFinding);
};

describe('flags', () => {
  it('set their fields', async () => {
    const config = await load({
      apiserverAdvertiseAddress: '203.0.113.1',
      apiserverBindPort: '7443',
      apiserverCertExtraSans: ['a.example.com', '192.0.2.1'],
      certDir: '/pki',
      certificateKey: 'ab'.repeat(32),
      controlPlaneEndpoint: 'cp.example.com:7443',
      criSocket: 'unix:///run/crio/crio.sock',
      dryRun: true,
      featureGates: 'RootlessControlPlane=false',
      ignorePreflightErrors: ['Swap', 'NumCPU'],
      imageRepository: 'registry.example.com/k8s',
      kubernetesVersion: '1.36.1',
      nodeName: 'CP1',
      patches: 'p',
      podNetworkCidr: '10.244.0.0/16',
      serviceCidr: '10.0.0.0/16',
      serviceDnsDomain: 'k8s.example.com',
      skipPhases: ['addon'],
      token: 'abcdef.0123456789abcdef',
      tokenTtl: '0',
      runtime: 'docker',
      runtimeEndpoint: '/run/docker.sock',
    });
    assert.deepEqual(config.init.localAPIEndpoint, { advertiseAddress: '203.0.113.1', bindPort: 7443 });
    assert.deepEqual(config.cluster.apiServer.certSANs, ['a.example.com', '192.0.2.1']);
    assert.equal(config.cluster.certificatesDir, '/pki');
    assert.equal(config.init.certificateKey, 'ab'.repeat(32));
    assert.equal(config.cluster.controlPlaneEndpoint, 'cp.example.com:7443');
    assert.equal(config.init.nodeRegistration.criSocket, 'unix:///run/crio/crio.sock');
    assert.equal(config.init.dryRun, true);
    assert.deepEqual(config.cluster.featureGates, { RootlessControlPlane: false });
    assert.deepEqual(config.init.nodeRegistration.ignorePreflightErrors, ['numcpu', 'swap']);
    assert.equal(config.cluster.imageRepository, 'registry.example.com/k8s');
    assert.equal(config.cluster.kubernetesVersion, 'v1.36.1');
    assert.equal(config.init.nodeRegistration.name, 'cp1');
    assert.equal(config.init.patchesDirectory, '/work/p');
    assert.deepEqual(config.cluster.networking, {
      serviceSubnet: '10.0.0.0/16',
      podSubnet: '10.244.0.0/16',
      dnsDomain: 'k8s.example.com',
    });
    assert.deepEqual(config.init.skipPhases, ['addon']);
    assert.deepEqual(
      [config.init.bootstrapTokens[0]?.token, config.init.bootstrapTokens[0]?.ttlMs],
      ['abcdef.0123456789abcdef', 0],
    );
    assert.deepEqual(config.bootstrap.runtime, { type: 'docker', endpoint: 'unix:///run/docker.sock' });
  });

  it('that change what the file says are refused beside it, all in one finding', async () => {
    const given = await check(
      { podNetworkCidr: '10.0.0.0/16', certDir: '/x', nodeName: 'a', runtime: 'process' },
      configText({ cluster: {} }),
    );
    assert.deepEqual(given, [
      'error: --cert-dir, --pod-network-cidr: cannot be given together with --config c.yaml (write it into the file: ClusterConfiguration certificatesDir, ClusterConfiguration networking.podSubnet)',
    ]);
  });

  it('that may stand beside a file win over it', async () => {
    const text = configText({
      init: {
        nodeRegistration: { name: 'a', criSocket: 'unix:///a', ignorePreflightErrors: ['Mem'] },
        skipPhases: ['x', 'y'],
        certificateKey: '00'.repeat(32),
        bootstrapTokens: [{ token: 'abcdef.0123456789abcdef' }],
      },
      bootstrap: { runtime: { type: 'docker' } },
    });
    const flags: ConfigFlags = {
      nodeName: 'b',
      criSocket: 'unix:///b',
      ignorePreflightErrors: ['Swap'],
      skipPhases: ['z'],
      certificateKey: '11'.repeat(32),
      dryRun: true,
      runtime: 'process',
    };
    const host = configHost({ files: { 'c.yaml': text } });
    const { init, bootstrap } = await loadConfig({ host, file: 'c.yaml', flags, rootDir: '/' });
    assert.equal(init.nodeRegistration.name, 'b');
    assert.equal(init.nodeRegistration.criSocket, 'unix:///b');
    assert.deepEqual(init.nodeRegistration.ignorePreflightErrors, ['mem', 'swap']);
    assert.deepEqual(init.skipPhases, ['z']);
    assert.equal(init.certificateKey, '11'.repeat(32));
    assert.equal(init.bootstrapTokens[0]?.token, 'abcdef.0123456789abcdef');
    assert.equal(init.dryRun, true);
    assert.equal(bootstrap.runtime.type, 'process');
  });

  it('--runtime leaves out the endpoint that the file gives for another type', async () => {
    const text =
      'apiVersion: kube-bootstrap/v1alpha1\nkind: BootstrapConfiguration\nruntime:\n  type: cri\n  endpoint: unix:///c.sock\n';
    const host = configHost({ files: { 'c.yaml': text } });
    const load = async (flags: ConfigFlags) =>
      (await loadConfig({ host, file: 'c.yaml', flags, rootDir: '/' })).bootstrap.runtime;
    assert.deepEqual(await load({ runtime: 'process' }), { type: 'process', endpoint: undefined });
    assert.deepEqual(await load({ runtime: 'cri' }), { type: 'cri', endpoint: 'unix:///c.sock' });
    const other = { runtime: 'docker', runtimeEndpoint: 'unix:///d.sock' };
    assert.deepEqual(await load(other), { type: 'docker', endpoint: 'unix:///d.sock' });
  });

  it('are named by findings about their values', async () => {
    const found = await check({
      apiserverBindPort: 'https',
      podNetworkCidr: 'pods',
      nodeName: 'no_good',
      tokenTtl: '1 day',
      token: 'secret',
      runtime: 'podman',
      featureGates: 'RootlessControlPlane,X=true',
      apiserverAdvertiseAddress: 'here',
    });
    assert.deepEqual(found.map((line) => line.split(': ').slice(0, 3).join(': ')).sort(), [
      'error: --apiserver-advertise-address: `here` is no IP address (set localAPIEndpoint.advertiseAddress or --apiserver-advertise-address to an address of this machine)',
      'error: --apiserver-bind-port: must be a whole number, is other text',
      'error: --feature-gates: must be true or false, is other text',
      'error: --feature-gates: unknown feature gate (known',
      'error: --node-name: `no_good` is no DNS-1123 subdomain (letters a-z, digits, `-` and `.`; set nodeRegistration.name or --node-name)',
      'error: --pod-network-cidr: `pods` is no network (such as 10.96.0.0/12, fd00:10:96::/112, or both with a comma between)',
      'error: --runtime: must be one of auto, docker, cri, process, is `podman`',
      'error: --token-ttl: must be a duration such as `4m0s`, is other text',
      'error: --token: is no bootstrap token (6 and 16 characters a-z, 0-9 with a dot between)',
    ]);
    assert.ok(!found.join().includes('secret'), 'a token is never shown');
  });

  it("are picked out of all options of a command, by kubeadm's names", () => {
    assert.deepEqual(configFlagsOf({ podNetworkCidr: '10.0.0.0/16', rootDir: '/x', verbose: true, token: undefined }), {
      podNetworkCidr: '10.0.0.0/16',
    });
    assert.equal(flagName('apiserverCertExtraSans'), '--apiserver-cert-extra-sans');
    assert.equal(new Set(flagFields.map(({ flag }) => flag)).size, flagFields.length);
  });
});
