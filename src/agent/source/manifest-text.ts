const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a manifest's bytes, or why it is none: YAML and JSON are UTF-8 to Kubernetes. */
export function manifestText(bytes: Uint8Array): { readonly text: string } | { readonly problem: string } {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return { problem: 'it is UTF-16; save it as UTF-8' };
  try {
    return { text: decoder.decode(bytes) };
  } catch {
    const at = firstBadByte(bytes);
    const line = bytes.subarray(0, at).filter((byte) => byte === 0x0a).length + 1;
    const column = at - bytes.subarray(0, at).lastIndexOf(0x0a);
    return { problem: `it is not UTF-8: byte 0x${bytes[at]?.toString(16)} in line ${line}, column ${column}` };
  }
}

/** The length of the longest beginning that is UTF-8, by halving: a beginning of UTF-8 is at most a cut character short. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (good < bad) {
    const middle = good + Math.ceil((bad - good) / 2);
    if (begins(bytes.subarray(0, middle))) good = middle;
    else bad = middle - 1;
  }
  return Math.min(good, bytes.length - 1);
}

function begins(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
