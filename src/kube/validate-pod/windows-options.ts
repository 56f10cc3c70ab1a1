import type { FieldErrors, FieldPath } from '../field-errors.ts';
import { checks } from './checks.ts';

export type WindowsOptions = {
  readonly gmsaCredentialSpecName?: string;
  readonly gmsaCredentialSpec?: string;
  readonly runAsUserName?: string;
  readonly hostProcess?: boolean;
};

const longestCredentialSpec = 64 * 1024;
const netBios = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsName = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Options for Windows containers (validateWindowsSecurityContextOptions). */
export function validateWindowsOptions(options: WindowsOptions, path: FieldPath, errors: FieldErrors): void {
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options;
  if (gmsaCredentialSpecName !== undefined)
    checks(errors).dnsSubdomain([...path, 'gmsaCredentialSpecName'], gmsaCredentialSpecName);
  if (gmsaCredentialSpec !== undefined) {
    const why = gmsaCredentialSpec === '' ? 'cannot be an empty string' : 'must be under 64 KiB';
    if (gmsaCredentialSpec === '' || gmsaCredentialSpec.length > longestCredentialSpec)
      errors.invalid([...path, 'gmsaCredentialSpec'], gmsaCredentialSpec.slice(0, 40), why);
  }
  if (runAsUserName === undefined) return;
  const why = userNameFault(runAsUserName);
  if (why !== undefined) errors.invalid([...path, 'runAsUserName'], runAsUserName, why);
}

function userNameFault(name: string): string | undefined {
  if (name === '') return 'cannot be an empty string';
  if (hasControlCharacter(name)) return 'cannot contain control characters';
  const parts = name.split('\\');
  if (parts.length > 2) return 'cannot contain more than one backslash';
  const user = parts.at(-1) ?? '';
  const domain = parts.length === 2 ? (parts[0] ?? '') : undefined;
  if (domain !== undefined && domain.length >= 256) return 'its domain must be under 256 characters';
  if (domain !== undefined && !netBios.test(domain) && !dnsName.test(domain))
    return 'its domain is neither a NetBIOS nor a DNS name';
  if (user === '') return 'its user cannot be empty';
  if (user.length > 104) return 'its user must not be longer than 104 characters';
  if (/^[. ]+$/.test(user)) return 'its user cannot be only periods or spaces';
  return /["/\\:;|=,+*?<>@[\]]/.test(user) ? 'its user cannot contain any of "/\\:;|=,+*?<>@[]' : undefined;
}

function hasControlCharacter(text: string): boolean {
  return [...text].some((character) => character < ' ' || character === '\x7f');
}
