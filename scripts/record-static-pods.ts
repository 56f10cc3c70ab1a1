/**
 * Records docs/transcripts/static-pods-in-a-cluster.txt: what a cluster shows of the control plane that runs it, and what
 * comes of deleting or editing it there.
 */
import { portOf, recordTranscript } from './transcript.ts';

const pod = '-n kube-system get pod kube-scheduler-node1';
const pods = 'kubectl -n kube-system get pods';
const readiness = '{.items[*].status.containerStatuses[?(@.ready==true)].name}';
const isReady = `kubectl -n kube-system wait --for=condition=Ready --timeout=5s pod/kube-scheduler-node1`;
const image = `kubectl ${pod} -o jsonpath='{.spec.containers[0].image}{"\\n"}'`;
const metrics = portOf('etcdMetrics');
const forwarded = metrics + 100;

recordTranscript({
  name: 'static-pods-in-a-cluster.txt',
  root: 'plane',
  steps: [
    { say: 'A control plane made by bootstrap init, seen through its own API server.' },
    { until: `test $(${pods} -l tier=control-plane -o jsonpath='${readiness}' | wc -w) -eq 4` },
    { until: `test $(${pods} -l 'k8s-app in (kube-dns,kube-proxy)' -o name | wc -l) -eq 3` },
    'kubectl get nodes,pods -A -o wide',
    { say: 'A mirror pod stands for each static pod.' },
    'kubectl -n kube-system describe pod kube-scheduler-node1',
    { say: 'Deleted, it comes back; what it stands for has not noticed.' },
    'kubectl -n kube-system delete pod kube-scheduler-node1',
    { until: isReady },
    `kubectl ${pod}`,
    { say: 'Edited, it is put right.' },
    'KUBE_EDITOR="sed -i s,image:.*scheduler.*,image:\\ example.org/other," kubectl -n kube-system edit pod kube-scheduler-node1',
    { until: `${image} | grep -q registry.k8s.io` },
    { until: isReady },
    image,
    `kubectl ${pod}`,
    { say: 'Logs, commands and connections, by way of the API server.' },
    'kubectl -n kube-system logs kube-scheduler-node1 --tail=2',
    'kubectl -n kube-system exec etcd-node1 -- etcdctl version',
    `kubectl -n kube-system port-forward pod/etcd-node1 ${forwarded}:${metrics} >/dev/null & curl -s --retry 9 --retry-connrefused localhost:${forwarded}/health; echo; kill $!`,
    { say: 'Who the agent is there, and what it may do.' },
    'kubectl --kubeconfig plane/etc/kubernetes/kubelet.conf auth whoami',
    'kubectl --kubeconfig plane/etc/kubernetes/kubelet.conf auth can-i --list | head -6',
    'kubectl --kubeconfig plane/etc/kubernetes/kubelet.conf auth can-i update node/node1',
    'kubectl --kubeconfig plane/etc/kubernetes/kubelet.conf label node node1 node-restriction.kubernetes.io/mine=1',
    'kubectl -n kube-node-lease get lease',
  ],
});
