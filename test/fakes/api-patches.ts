type Fields = Readonly<Record<string, unknown>>;

/** RFC 7386. */
export function mergePatch(before: unknown, change: unknown): unknown {
  if (!isFields(change)) return change;
  const target: Record<string, unknown> = isFields(before) ? { ...before } : {};
  for (const [name, value] of Object.entries(change)) {
    if (value === null) delete target[name];
    else target[name] = mergePatch(target[name], value);
  }
  return target;
}

/** As far as a status needs it: conditions by type, other lists as a whole (`$patch: replace`), null removes. */
export function strategicPatch(before: unknown, change: unknown): unknown {
  if (!isFields(change)) return change;
  const target: Record<string, unknown> = isFields(before) ? { ...before } : {};
  for (const [name, value] of Object.entries(change)) {
    if (value === null) delete target[name];
    else if (name === 'conditions') target[name] = mergeConditions(target[name], value);
    else if (Array.isArray(value)) target[name] = value.filter((item) => item?.$patch === undefined);
    else target[name] = strategicPatch(target[name], value);
  }
  return target;
}

function mergeConditions(known: unknown, change: unknown): readonly unknown[] {
  const merged = new Map((known as Fields[] | undefined)?.map((condition) => [condition.type, condition]));
  for (const condition of change as Fields[]) {
    merged.set(condition.type, strategicPatch(merged.get(condition.type), condition) as Fields);
  }
  return [...merged.values()];
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
