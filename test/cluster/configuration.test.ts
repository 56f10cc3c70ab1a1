import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kubeletConfigurationText, kubeProxyConfigurationText } from '../../src/cluster/component-configuration.ts';
import { kubeadmConfigObjects, kubeletConfigObjects } from '../../src/cluster/upload-config.ts';
import type { ApiObject } from '../../src/cluster/wanted-object.ts';
import type { Config } from '../../src/config/types.ts';
import { parseJsonOrYaml } from '../../src/kube/yaml.ts';
import { aConfig } from '../fakes/builders.ts';

const read = (text: string) => parseJsonOrYaml(text) as Readonly<Record<string, unknown>>;
const withKubelet = (kubelet: Config['kubelet']) => aConfig((config) => ({ ...config, kubelet }));

describe('the KubeletConfiguration for the cluster', () => {
  test('has durations in their one form, and what was given wins over defaults', () => {
    const text = kubeletConfigurationText(withKubelet({ syncFrequency: '90s', cgroupDriver: 'cgroupfs', maxPods: 0 }));
    const { syncFrequency, cgroupDriver, maxPods, fileCheckFrequency } = read(text);
    assert.deepEqual([syncFrequency, cgroupDriver, maxPods], ['1m30s', 'cgroupfs', undefined]);
    assert.equal(fileCheckFrequency, '0s');
  });

  test('always lets client certificates be rotated', () => {
    assert.equal(read(kubeletConfigurationText(withKubelet({ rotateCertificates: false }))).rotateCertificates, true);
  });

  test('says that it was generated only when it was', () => {
    const annotations = (config: Config) => kubeletConfigObjects(config)[0]?.metadata.annotations;
    assert.match(JSON.stringify(annotations(aConfig())), /component-config\.hash":"sha256:[0-9a-f]{64}"/);
    assert.equal(annotations(withKubelet({})), undefined);
  });
});

test('the KubeProxyConfiguration listens on all addresses of the family of the API server', () => {
  const at = (advertiseAddress: string) =>
    aConfig((config) => {
      const localAPIEndpoint = { ...config.init.localAPIEndpoint, advertiseAddress };
      return { ...config, init: { ...config.init, localAPIEndpoint } };
    });
  assert.equal(read(kubeProxyConfigurationText(at('192.0.2.10'))).bindAddress, '0.0.0.0');
  assert.equal(read(kubeProxyConfigurationText(at('2001:db8::10'))).bindAddress, '::');
});

test('an addon that is skipped is none of the cluster: an upgrade must not bring it', () => {
  const stored = (skipPhases: readonly string[]) => {
    const [configMap] = kubeadmConfigObjects(
      aConfig((config) => ({ ...config, init: { ...config.init, skipPhases } })),
    );
    const { dns, proxy } = read(clusterConfigurationIn(configMap));
    return { dns, proxy };
  };
  assert.deepEqual(stored([]), { dns: {}, proxy: {} });
  assert.deepEqual(stored(['addon/coredns']), { dns: { disabled: true }, proxy: {} });
  assert.deepEqual(stored(['addon']), { dns: { disabled: true }, proxy: { disabled: true } });
});

function clusterConfigurationIn(configMap: ApiObject | undefined): string {
  const data = configMap?.data as Readonly<Record<string, string>> | undefined;
  return data?.ClusterConfiguration ?? '';
}
