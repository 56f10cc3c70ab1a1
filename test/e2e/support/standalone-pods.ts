const agnhost = 'registry.k8s.io/e2e-test-images/agnhost:2.66.1';

const head = (name: string, namespace = 'default') => `apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespace}}
spec:
  terminationGracePeriodSeconds: 2
`;
const waits = `'trap "exit 0" TERM; sleep 1000000 & wait'`;

export function server(port: number, container: string, namespace?: string): string {
  return `${head('server', namespace)}  hostNetwork: true
  containers:
  - name: ${container}
    image: ${agnhost}
    args: [netexec, --http-port=${port}, --udp-port=-1]
    ports: [{containerPort: ${port}}]
    readinessProbe: {tcpSocket: {port: ${port}}, periodSeconds: 1}
`;
}

/** One pod per case of kubernetes test/e2e_node/standalone_test.go. */
export function standalonePods(image: string, port: number): Readonly<Record<string, string>> {
  return {
    ready: `${head('ready')}  containers:
  - name: app
    image: ${image}
    command: [/bin/sh, -c, ${waits}]
    readinessProbe: {exec: {command: [cat, /bin/sh]}, periodSeconds: 1, timeoutSeconds: 5}
`,
    'env-file': `${head('env-file')}  volumes: [{name: data, emptyDir: {}}]
  initContainers:
  - name: writer
    image: ${image}
    command: [/bin/sh, -c, "echo \\"GREETING='hello from a file'\\" > /data/settings.env"]
    volumeMounts: [{name: data, mountPath: /data}]
  containers:
  - name: app
    image: ${image}
    command: [/bin/sh, -c, 'echo GREETING=$GREETING; trap "exit 0" TERM; sleep 1000000 & wait']
    env: [{name: GREETING, valueFrom: {fileKeyRef: {volumeName: data, path: settings.env, key: GREETING}}}]
`,
    server: server(port, 'first-name'),
    'with-init': `${head('with-init')}  initContainers:
  - {name: first, image: '${image}', command: [/bin/sh, -c, 'echo done']}
  containers:
  - {name: app, image: '${image}', command: [/bin/sh, -c, ${waits}]}
`,
    rounds: `${head('rounds')}  volumes: [{name: data, emptyDir: {}}]
  containers:
  - name: keeper
    image: ${image}
    command: [/bin/sh, -c, ${waits}]
  - name: starter
    image: ${image}
    command: [/bin/sh, -c, 'if [ -e /data/seen ]; then trap "exit 0" TERM; sleep 1000000 & wait; fi; echo > /data/seen; exit 42']
    volumeMounts: [{name: data, mountPath: /data}]
    restartPolicy: Never
    restartPolicyRules:
    - action: RestartAllContainers
      exitCodes: {operator: In, values: [42]}
`,
  };
}
