import { join } from 'node:path';
import { type PodForm, telling } from './telling-pods.ts';

/** The pods of agent-volumes.test.ts; `host` is a directory of the test's own. */
export function volumePods(host: string): Readonly<Record<string, PodForm>> {
  const hostPath = (name: string, path: string, type = '') => ({
    name,
    hostPath: { path: join(host, path), type: type as 'File' },
  });
  return {
    'host-paths': {
      volumes: [
        hostPath('any', 'made/any'),
        hostPath('dir', 'dir', 'Directory'),
        hostPath('new-dir', 'made/dir', 'DirectoryOrCreate'),
        hostPath('file', 'file', 'File'),
        hostPath('new-file', 'dir/new-file', 'FileOrCreate'),
        hostPath('socket', 'socket', 'Socket'),
        { name: 'device', hostPath: { path: '/dev/null', type: 'CharDevice' } },
      ],
      containers: [
        telling(
          "stat -c '%n %F %a' /v/any /v/dir /v/new-dir /v/file /v/new-file; stat -c '%n %F' /v/socket /v/device",
          {
            volumeMounts: ['any', 'dir', 'new-dir', 'file', 'new-file', 'socket', 'device'].map((name) => ({
              name,
              mountPath: `/v/${name}`,
            })),
          },
        ),
      ],
    },
    'wrong-type': {
      volumes: [hostPath('v', 'late', 'Directory')],
      containers: [telling('ls /v', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    },
    'wrong-parent': {
      volumes: [hostPath('v', 'nowhere/file', 'FileOrCreate')],
      containers: [telling('true', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    },
    scratch: {
      restartPolicy: 'OnFailure',
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        telling(
          "stat -c '%F %a' /v; [ -e /v/first ] || { stat -c %a /v >/v/first; chmod 750 /v; exit 1; }; cat /v/first",
          {
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
          },
        ),
      ],
    },
    memory: {
      volumes: [{ name: 'v', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } }],
      initContainers: [telling('echo from-init >/v/file', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
      containers: [
        telling(
          "cat /v/file; stat -c %a /v; grep ' /v ' /proc/mounts | cut -d' ' -f3; df -k /v | tail -1 | awk '{print $2}'; dd if=/dev/zero of=/v/big bs=1M count=2 2>&1 | grep -c 'No space'",
          { volumeMounts: [{ name: 'v', mountPath: '/v' }] },
        ),
      ],
    },
    'huge-pages': {
      volumes: [{ name: 'v', emptyDir: { medium: 'HugePages' } }],
      containers: [
        telling('true', {
          volumeMounts: [{ name: 'v', mountPath: '/v' }],
          resources: { limits: { 'hugepages-2Mi': '2Mi', memory: '64Mi', cpu: '100m' } },
        }),
      ],
    },
    downward: {
      labels: { tier: 'x', app: 'down' },
      annotations: { note: 'two\nlines' },
      securityContext: { fsGroup: 3000, runAsUser: 1000 },
      volumes: [
        {
          name: 'v',
          downwardAPI: {
            defaultMode: 0o400,
            items: [
              { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
              { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
              { path: 'note', fieldRef: { fieldPath: "metadata.annotations['note']" } },
              {
                path: 'deep/memory',
                resourceFieldRef: { containerName: 'c0', resource: 'limits.memory', divisor: '1Mi' },
              },
              {
                path: 'deep/cpu',
                resourceFieldRef: { containerName: 'c0', resource: 'requests.cpu', divisor: '1m' },
                mode: 0o444,
              },
            ],
          },
        },
      ],
      containers: [
        telling(
          'cd /v; for f in name labels note deep/memory deep/cpu; do cat $f; echo; done; stat -Lc "%a %g" name deep/cpu; for f in name deep ..data; do readlink $f; done; touch x',
          {
            volumeMounts: [{ name: 'v', mountPath: '/v' }],
            resources: { limits: { memory: '64Mi' }, requests: { cpu: '250m', memory: '32Mi' } },
          },
        ),
      ],
    },
    projected: {
      volumes: [
        {
          name: 'v',
          projected: {
            defaultMode: 0o440,
            sources: ['metadata.name', 'metadata.namespace'].map((fieldPath, index) => ({
              downwardAPI: { items: [{ path: `dir/f${index}`, fieldRef: { fieldPath } }] },
            })),
          },
        },
        { name: 'own', emptyDir: {} },
      ],
      containers: [
        telling(
          'cat /v/dir/f0; echo; cat /v/dir/f1; echo; stat -Lc %a /v/dir/f0; grep -c " /v [a-z0-9]* ro" /proc/mounts; touch /v/own/x; ls /v/own',
          {
            volumeMounts: [
              { name: 'v', mountPath: '/v' },
              { name: 'own', mountPath: '/v/own' },
            ],
          },
        ),
        telling('test -t 0 && echo terminal', { tty: true, stdin: true }),
      ],
    },
    parts: {
      volumes: [hostPath('v', 'parts'), { name: 'e', emptyDir: {} }],
      containers: [
        telling('cat /sub/file /one; stat -c %a /made; echo x >/named/x; ls /odd; ls -d /whole/*; touch /sub/y', {
          env: [{ name: 'WHO', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
          volumeMounts: [
            { name: 'v', mountPath: '/whole' },
            { name: 'v', mountPath: '/sub', subPath: 'sub', readOnly: true },
            { name: 'v', mountPath: '/one', subPath: 'sub/file' },
            { name: 'e', mountPath: '/made', subPath: 'a/b' },
            { name: 'v', mountPath: '/named', subPathExpr: 'of/$(WHO)' },
            { name: 'v', mountPath: '/odd', subPathExpr: '`ls`' },
          ],
        }),
      ],
    },
    ...Object.fromEntries(
      Object.entries({ 'part-up': '..', 'part-absolute': '/tmp' }).map(([name, value]) => [
        name,
        {
          volumes: [hostPath('v', 'parts')],
          containers: [
            telling('true', {
              env: [{ name: 'WHERE', value }],
              volumeMounts: [{ name: 'v', mountPath: '/v', subPathExpr: '$(WHERE)' }],
            }),
          ],
        },
      ]),
    ),
    'part-unset': {
      volumes: [hostPath('v', 'parts')],
      containers: [telling('true', { volumeMounts: [{ name: 'v', mountPath: '/v', subPathExpr: '$(NOBODY)' }] })],
    },
    'part-link': {
      volumes: [hostPath('v', 'parts')],
      containers: [telling('cat /v/passwd', { volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'escape' }] })],
    },
    swapper: {
      volumes: [hostPath('v', 'race')],
      containers: [
        {
          command: [
            '/bin/sh',
            '-c',
            'cd /v; mkdir swap; while :; do sleep 0.03; mv swap aside; ln -s /etc swap; rm swap; mv aside swap; done',
          ],
          volumeMounts: [{ name: 'v', mountPath: '/v' }],
        },
      ],
    },
    'host-network': {
      hostNetwork: true,
      hostAliases: [{ ip: '192.0.2.1', hostnames: ['foo', 'bar'] }],
      dnsPolicy: 'ClusterFirst',
      containers: [telling('cat /etc/hosts; echo ---; cat /etc/resolv.conf; echo ---; hostname')],
    },
    'own-hosts': {
      hostAliases: [{ ip: '192.0.2.1', hostnames: ['foo'] }],
      volumes: [hostPath('v', 'file')],
      containers: [telling('cat /etc/hosts', { volumeMounts: [{ name: 'v', mountPath: '/etc/hosts' }] })],
    },
    named: {
      hostname: 'db',
      subdomain: 'peers',
      hostAliases: [{ ip: '192.0.2.1', hostnames: ['foo', 'bar'] }],
      dnsConfig: { nameservers: ['192.0.2.53'], searches: ['own.example'], options: [{ name: 'ndots', value: '2' }] },
      containers: [
        telling('cat /etc/hosts; echo ---; cat /etc/resolv.conf; echo ---; hostname; echo $POD_IP', {
          env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
        }),
      ],
    },
    'whole-name': {
      hostname: 'db',
      subdomain: 'peers',
      setHostnameAsFQDN: true,
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['192.0.2.53'] },
      containers: [telling('hostname; echo ---; cat /etc/resolv.conf')],
    },
    'other-name': {
      hostnameOverride: 'other.example',
      dnsPolicy: 'Default',
      containers: [telling('hostname; echo ---; cat /etc/resolv.conf')],
    },
    'cluster-host-net': {
      hostNetwork: true,
      dnsPolicy: 'ClusterFirstWithHostNet',
      containers: [telling('cat /etc/resolv.conf')],
    },
    expansion: {
      containers: [
        telling('env | sort | grep ^X_; echo "$0 $1"', {
          env: [
            { name: 'X_A', value: 'a' },
            { name: 'X_B', value: '$(X_A);;$(X_LATER)' },
            { name: 'X_LATER', value: '$$(X_A)' },
            { name: 'X_NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } },
            { name: 'X_LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
            { name: 'X_CPU', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
            { name: 'X_MEM', valueFrom: { resourceFieldRef: { resource: 'requests.memory', divisor: '1Mi' } } },
          ],
          command: [
            '/bin/sh',
            '-c',
            '{ env | sort | grep ^X_; echo "$0 $1 $(X_A)"; } >/dev/termination-log',
            'cmd-$(X_A)',
          ],
          args: ['arg-$(X_B)-$$(X_A)'],
          resources: { requests: { memory: '10Mi' } },
        }),
      ],
      labels: { app: 'exp' },
    },
    'env-file': {
      volumes: [{ name: 'v', emptyDir: {} }],
      initContainers: [
        {
          command: [
            '/bin/sh',
            '-c',
            `printf "%s\\n" "# comment" "A='one'" "B='two" "lines'" >/v/env; ln -s /etc/passwd /v/away`,
          ],
          volumeMounts: [{ name: 'v', mountPath: '/v' }],
        },
      ],
      containers: [
        telling('echo "$A|$B|$(env | grep -c ^C=)|$D"', {
          env: [
            ...['A', 'B'].map((key) => ({
              name: key,
              valueFrom: { fileKeyRef: { volumeName: 'v', path: 'env', key } },
            })),
            { name: 'C', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'env', key: 'C', optional: true } } },
            { name: 'D', value: 'got-$(A)' },
          ],
        }),
      ],
    },
    'env-file-away': {
      volumes: [{ name: 'v', emptyDir: {} }],
      initContainers: [
        { command: ['/bin/sh', '-c', 'ln -s /etc/passwd /v/env'], volumeMounts: [{ name: 'v', mountPath: '/v' }] },
      ],
      containers: [
        telling('true', {
          env: [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'env', key: 'A' } } }],
        }),
      ],
    },
    messages: {
      containers: [
        { command: ['/bin/sh', '-c', 'echo -n DONE >/dev/termination-log'] },
        {
          command: ['/bin/sh', '-c', 'echo -n DONE >/dev/termination-custom-log'],
          terminationMessagePath: '/dev/termination-custom-log',
          securityContext: { runAsUser: 1000 },
        },
        { command: ['/bin/sh', '-c', 'echo -n DONE; exit 1'], terminationMessagePolicy: 'FallbackToLogsOnError' },
        { command: ['/bin/sh', '-c', 'echo DONE'], terminationMessagePolicy: 'FallbackToLogsOnError' },
        {
          command: ['/bin/sh', '-c', 'echo -n OK >/dev/termination-log; echo DONE'],
          terminationMessagePolicy: 'FallbackToLogsOnError',
        },
        { command: ['/bin/sh', '-c', 'yes x | head -c 10000 >/dev/termination-log'] },
      ],
    },
    group: {
      securityContext: {
        runAsUser: 1000,
        runAsGroup: 1001,
        fsGroup: 2000,
        supplementalGroups: [2001],
        fsGroupChangePolicy: 'OnRootMismatch',
      },
      volumes: [
        { name: 'v', emptyDir: {} },
        { name: 'm', emptyDir: { medium: 'Memory' } },
      ],
      containers: [
        telling(
          'id -u; id -g; id -G; stat -c "%a %g" /v /m; mkdir /v/d; touch /v/d/f /m/f; stat -c "%u %g" /v/d/f /m/f',
          {
            volumeMounts: [
              { name: 'v', mountPath: '/v' },
              { name: 'm', mountPath: '/m' },
            ],
          },
        ),
      ],
    },
    'read-only': {
      volumes: [hostPath('v', 'dir')],
      containers: [
        telling('touch /v/x; touch /r/x; touch /w/written && echo written; pwd; test -t 0 || echo no-tty', {
          workingDir: '/w/..',
          volumeMounts: [
            { name: 'v', mountPath: '/v', readOnly: true },
            { name: 'v', mountPath: '/r', readOnly: true, recursiveReadOnly: 'IfPossible' },
            { name: 'v', mountPath: '/w' },
          ],
        }),
      ],
    },
    'read-only-all': {
      volumes: [hostPath('v', 'dir')],
      containers: [
        telling('touch /v/x || echo refused', {
          volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: true, recursiveReadOnly: 'Enabled' }],
        }),
      ],
    },
    'image-volume': {
      volumes: [{ name: 'v', image: { reference: 'registry.k8s.io/pause:3.10.2' } }],
      containers: [telling('ls /v', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    },
    nfs: {
      volumes: [{ name: 'v', nfs: { server: '192.0.2.1', path: '/x' } }],
      containers: [telling('true', { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    },
  };
}
