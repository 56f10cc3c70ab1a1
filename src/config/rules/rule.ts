import type { Path } from '../../kube/yaml.ts';
import type { Documents, Kind } from '../kinds.ts';
import type { Config } from '../types.ts';

type Say = (path: Path, message: string, hint?: string) => void;

/** How a rule tells what it found wrong: `error` forbids going on, `warn` does not. Places are found by kind and path. */
export type Tell = { readonly [K in Kind]: { readonly error: Say; readonly warn: Say } };

/**
 * One thing that must hold of a configuration, named as the sentence that is then true. A rule looks at the whole
 * (defaults and flags are in it; `documents` says what was given) and never stops at the first finding.
 */
export type Rule = (config: Config, tell: Tell, documents: Documents) => void;
