import { humanDuration } from '../../base/duration.ts';
import { parseIp } from '../../kube/cidr.ts';
import { isDnsLabel, isDnsSubdomain, isWildcardDnsSubdomain, nearest } from '../../kube/names.ts';
import { isVersionLabel, parseVersion, releaseVersion, supportedMinors } from '../../kube/version.ts';
import { defaultCaCertificateValidityMs, defaultCertificateValidityMs } from '../constants.ts';
import { knownFeatureGates, removedFeatureGates } from '../feature-gates.ts';
import { flagArgumentsAreNamed, isAbsolutePath, isImageRepository, isImageTag } from './common-rules.ts';
import type { Rule } from './rule.ts';

const components = ['apiServer', 'controllerManager', 'scheduler'] as const;

const kubernetesVersionIsSupported: Rule = ({ cluster }, { ClusterConfiguration: tell }, documents) => {
  const path = ['kubernetesVersion'];
  const given = documents.ClusterConfiguration?.kubernetesVersion ?? '';
  const minors = supportedMinors.map((minor) => `v1.${minor}`).join(' and ');
  const version = parseVersion(cluster.kubernetesVersion);
  if (version === undefined) tell.error(path, `\`${given}\` is no version`, `such as ${releaseVersion}`);
  else if (version.major !== 1 || !supportedMinors.includes(version.minor)) {
    tell.error(path, `${cluster.kubernetesVersion} cannot be deployed by this release: ${minors} can`);
  }
  const minor = isVersionLabel(given) ? /\.(\d+)$/.exec(given)?.[1] : undefined;
  if (minor !== undefined && Number(minor) !== version?.minor)
    tell.warn(path, `\`${given}\` is taken as ${cluster.kubernetesVersion}`);
};

const certificatesDirIsAbsoluteAndOne: Rule = ({ cluster }, tellers, documents) => {
  const { certificatesDir } = cluster;
  const { ClusterConfiguration: tell, ResetConfiguration: tellReset } = tellers;
  const ofReset = documents.ResetConfiguration?.certificatesDir;
  if (ofReset && ofReset !== certificatesDir) {
    tellReset.error(['certificatesDir'], `differs from that of the ClusterConfiguration, ${certificatesDir}`);
  }
  if (!isAbsolutePath(certificatesDir)) tell.error(['certificatesDir'], `\`${certificatesDir}\` is no absolute path`);
};

const imagesAreNamedWell: Rule = ({ cluster }, { ClusterConfiguration: tell }) => {
  const { imageRepository, dns } = cluster;
  if (!isImageRepository(imageRepository))
    tell.error(['imageRepository'], `\`${imageRepository}\` is no image repository`);
  if (dns.imageRepository !== undefined && !isImageRepository(dns.imageRepository)) {
    tell.error(['dns', 'imageRepository'], `\`${dns.imageRepository}\` is no image repository`);
  }
  if (dns.imageTag !== undefined && !isImageTag(dns.imageTag))
    tell.error(['dns', 'imageTag'], `\`${dns.imageTag}\` is no image tag`);
};

const sansAreAddressesOrNames: Rule = ({ cluster }, { ClusterConfiguration: tell }) => {
  const lists = [
    { path: ['apiServer', 'certSANs'], sans: cluster.apiServer.certSANs },
    { path: ['etcd', 'local', 'serverCertSANs'], sans: cluster.etcd.local?.serverCertSANs ?? [] },
    { path: ['etcd', 'local', 'peerCertSANs'], sans: cluster.etcd.local?.peerCertSANs ?? [] },
  ];
  for (const { path, sans } of lists) {
    for (const [index, san] of sans.entries()) {
      if (parseIp(san) !== undefined || isDnsSubdomain(san) || isWildcardDnsSubdomain(san)) continue;
      tell.error([...path, index], `\`${san}\` is neither an IP address nor a DNS name`, 'a name may begin with `*.`');
    }
  }
};

const componentArgumentsAreNamed: Rule = ({ cluster }, { ClusterConfiguration: tell }) => {
  for (const component of components) {
    flagArgumentsAreNamed(cluster[component].extraArgs, [component, 'extraArgs'], tell.error);
  }
};

const extraVolumesAreWellFormed: Rule = ({ cluster }, { ClusterConfiguration: tell }) => {
  for (const component of components) {
    const names = new Set<string>();
    for (const [index, { name, hostPath, mountPath }] of cluster[component].extraVolumes.entries()) {
      const path = [component, 'extraVolumes', index];
      if (!isDnsLabel(name))
        tell.error([...path, 'name'], name === '' ? 'missing' : `\`${name}\` is no DNS-1123 label`);
      else if (names.has(name)) tell.error([...path, 'name'], `a second volume \`${name}\``);
      names.add(name);
      if (!isAbsolutePath(hostPath))
        tell.error([...path, 'hostPath'], hostPath === '' ? 'missing' : `\`${hostPath}\` is no absolute path`);
      if (mountPath === '') tell.error([...path, 'mountPath'], 'missing');
      if (mountPath.includes(':')) tell.error([...path, 'mountPath'], `\`${mountPath}\` must not hold a colon`);
    }
  }
};

const extraEnvsAreNamed: Rule = ({ cluster }, { ClusterConfiguration: tell }) => {
  const lists = [
    ...components.map((component) => ({ path: [component, 'extraEnvs'], variables: cluster[component].extraEnvs })),
    { path: ['etcd', 'local', 'extraEnvs'], variables: cluster.etcd.local?.extraEnvs ?? [] },
  ];
  for (const { path, variables } of lists) {
    for (const [index, { name, value, valueFrom }] of variables.entries()) {
      // The API takes printable ASCII without `=` (apimachinery IsRelaxedEnvVarName).
      if (!/^[ -<>-~]+$/.test(name))
        tell.error([...path, index, 'name'], name === '' ? 'missing' : `\`${name}\` is no name of a variable`);
      if (value !== undefined && value !== '' && valueFrom !== undefined) {
        tell.error([...path, index, 'valueFrom'], 'cannot be given together with value');
      }
    }
  }
};

const featureGatesAreKnown: Rule = ({ cluster }, { ClusterConfiguration: tell }) => {
  for (const [gate, enabled] of Object.entries(cluster.featureGates)) {
    const path = ['featureGates', gate];
    const known = Object.keys(knownFeatureGates);
    const unsupported = knownFeatureGates[gate];
    if (unsupported === undefined) {
      const gone = removedFeatureGates[gate];
      const meant = nearest(gate, known);
      const hint = meant === undefined ? `known: ${known.join(', ')}` : `did you mean ${meant}?`;
      tell.error(path, `unknown feature gate${gone === undefined ? '' : `: ${gone}`}`, hint);
    } else if (enabled) tell.error(path, `not supported: ${unsupported}`);
  }
};

const validityPeriodsAreSensible: Rule = ({ cluster }, { ClusterConfiguration: tell }) => {
  const { certificateValidityPeriodMs: leaf, caCertificateValidityPeriodMs: ca } = cluster;
  const longerThan = (what: string, ms: number) => `is longer than ${what} (${humanDuration(ms)})`;
  if (leaf <= 0) tell.error(['certificateValidityPeriod'], 'must be longer than 0s');
  if (ca <= 0) tell.error(['caCertificateValidityPeriod'], 'must be longer than 0s');
  if (leaf > defaultCertificateValidityMs)
    tell.warn(['certificateValidityPeriod'], longerThan('recommended', defaultCertificateValidityMs));
  if (ca > defaultCaCertificateValidityMs)
    tell.warn(['caCertificateValidityPeriod'], longerThan('recommended', defaultCaCertificateValidityMs));
  if (leaf > ca && ca > 0) tell.warn(['certificateValidityPeriod'], longerThan('caCertificateValidityPeriod', ca));
};

/** What must hold of the ClusterConfiguration besides networking and etcd. */
export const clusterRules: readonly Rule[] = [
  kubernetesVersionIsSupported,
  certificatesDirIsAbsoluteAndOne,
  imagesAreNamedWell,
  sansAreAddressesOrNames,
  componentArgumentsAreNamed,
  extraVolumesAreWellFormed,
  extraEnvsAreNamed,
  featureGatesAreKnown,
  validityPeriodsAreSensible,
];
