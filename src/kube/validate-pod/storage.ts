import type { FieldErrors, FieldPath } from '../field-errors.ts';
import type { Volume } from '../types.ts';
import { checks } from './checks.ts';

type Storage = {
  readonly nfs?: { readonly server?: string; readonly path?: string };
  readonly iscsi?: {
    readonly targetPortal?: string;
    readonly iqn?: string;
    readonly lun?: number;
    readonly chapAuthDiscovery?: boolean;
    readonly chapAuthSession?: boolean;
    readonly secretRef?: unknown;
    readonly initiatorName?: string;
  };
  readonly fc?: { readonly targetWWNs?: readonly string[]; readonly lun?: number; readonly wwids?: readonly string[] };
  readonly flexVolume?: { readonly driver?: string; readonly options?: Readonly<Record<string, string>> };
};

/** Network storage that needs no object of the API server: a static pod may name it, the runtimes refuse it. */
export function validateStorage(volume: Volume, path: FieldPath, errors: FieldErrors): void {
  const { nfs, iscsi, fc, flexVolume } = volume as Storage;
  if (nfs) {
    if (!nfs.server) errors.required([...path, 'nfs', 'server']);
    if (!nfs.path?.startsWith('/')) errors.invalid([...path, 'nfs', 'path'], nfs.path, 'must be an absolute path');
  }
  if (iscsi) {
    validateIscsi(iscsi, [...path, 'iscsi'], errors);
    if (iscsi.initiatorName !== undefined && `${volume.name}:${iscsi.targetPortal ?? ''}`.length > 64)
      errors.invalid([...path, 'name'], volume.name, 'name and targetPortal are longer than 64 characters together');
  }
  if (fc) validateFc(fc, [...path, 'fc'], errors);
  if (!flexVolume) return;
  if (!flexVolume.driver) errors.required([...path, 'flexVolume', 'driver']);
  for (const key of Object.keys(flexVolume.options ?? {})) {
    if (/(^|\.)(kubernetes|k8s)\.io$/i.test(key.split('/')[0] ?? ''))
      errors.invalid([...path, 'flexVolume', 'options', key], key, 'kubernetes.io and k8s.io namespaces are reserved');
  }
}

function validateIscsi(iscsi: NonNullable<Storage['iscsi']>, path: FieldPath, errors: FieldErrors): void {
  if (!iscsi.targetPortal) errors.required([...path, 'targetPortal']);
  if (!iscsi.iqn) errors.required([...path, 'iqn']);
  else validateInitiator(iscsi.iqn, [...path, 'iqn'], errors);
  checks(errors).between([...path, 'lun'], iscsi.lun ?? 0, [0, 255]);
  if ((iscsi.chapAuthDiscovery || iscsi.chapAuthSession) && iscsi.secretRef === undefined)
    errors.required([...path, 'secretRef'], 'CHAP reads its password from a secret, which a static pod may not have');
  if (iscsi.initiatorName !== undefined) validateInitiator(iscsi.initiatorName, [...path, 'initiatorName'], errors);
}

/** RFC 3720 names, as far as the API server looks at them. */
const initiatorForms: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};

function validateInitiator(name: string, path: FieldPath, errors: FieldErrors): void {
  const form = initiatorForms[name.slice(0, 3)];
  if (form === undefined) errors.invalid(path, name, 'must begin with iqn, eui, or naa');
  else if (!form.test(name)) errors.invalid(path, name, 'must be valid format');
}

function validateFc(fc: NonNullable<Storage['fc']>, path: FieldPath, errors: FieldErrors): void {
  const { targetWWNs = [], wwids = [], lun } = fc;
  const at = [...path, 'targetWWNs'];
  if (targetWWNs.length === 0 && wwids.length === 0)
    errors.required(at, 'must specify either targetWWNs or wwids, but not both');
  if (targetWWNs.length > 0 && wwids.length > 0)
    errors.invalid(at, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously');
  if (targetWWNs.length === 0) return;
  if (lun === undefined) errors.required([...path, 'lun'], 'is required if targetWWNs is specified');
  else checks(errors).between([...path, 'lun'], lun, [0, 255]);
}
