import { defaultTokenGroup } from '../config/constants.ts';
import type { ApiObject } from './wanted-object.ts';

const apiGroup = 'rbac.authorization.k8s.io';
const apiVersion = `${apiGroup}/v1`;

export type Subject = { readonly apiGroup: string; readonly kind: 'Group' | 'User'; readonly name: string };

/** Whoever authenticates with a bootstrap token made for joining nodes. */
export const bootstrappers: Subject = { apiGroup, kind: 'Group', name: defaultTokenGroup };
export const nodes: Subject = { apiGroup, kind: 'Group', name: 'system:nodes' };

export function user(name: string): Subject {
  return { apiGroup, kind: 'User', name };
}

/** A Role that allows to get one object by its name, and the RoleBinding of the same name. */
export function mayGet(input: {
  readonly namespace: string;
  readonly name: string;
  readonly resource: 'configmaps' | 'secrets';
  readonly resourceName: string;
  readonly subjects: readonly Subject[];
}): readonly ApiObject[] {
  const { namespace, name, resource, resourceName, subjects } = input;
  const metadata = { name, namespace };
  const rules = [{ apiGroups: [''], resourceNames: [resourceName], resources: [resource], verbs: ['get'] }];
  return [
    { apiVersion, kind: 'Role', metadata, rules },
    { apiVersion, kind: 'RoleBinding', metadata, roleRef: { apiGroup, kind: 'Role', name }, subjects },
  ];
}

/** A ClusterRole that allows these verbs on resources of the core group. */
export function clusterRole(name: string, resources: readonly string[], verbs: readonly string[]): ApiObject {
  return { apiVersion, kind: 'ClusterRole', metadata: { name }, rules: [{ apiGroups: [''], resources, verbs }] };
}

/** A ClusterRoleBinding of a ClusterRole to one subject. */
export function clusterRoleBinding(name: string, role: string, subject: Subject): ApiObject {
  const roleRef = { apiGroup, kind: 'ClusterRole', name: role };
  return { apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects: [subject] };
}
