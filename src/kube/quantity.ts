/** A quantity of k8s.io/apimachinery/pkg/api/resource: exact in billionths, with the suffix family it was written in. */
export type Quantity = { readonly nano: bigint; readonly format: 'decimal' | 'binary' | 'exponent' };

const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binaryPowers: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const nanoPerUnit = 1_000_000_000n;

/** Reads `250m`, `1.5Gi`, `2e3`, `128974848`; parts below a billionth are rounded up. Undefined when it is none. */
export function parseQuantity(text: string | number): Quantity | undefined {
  const match = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(String(text));
  if (match === null) return undefined;
  const [, sign = '', digits = '', exponent, suffix = ''] = match;
  const [whole = '', fraction = ''] = digits.split('.');
  const power = binaryPowers[suffix];
  const tens = exponent === undefined ? (decimalExponents[suffix] ?? 0) : Number(exponent.slice(1));
  if (Math.abs(tens) > 30) return undefined;
  const mantissa = BigInt(`${whole}${fraction}` || '0') * (power === undefined ? 1n : 1n << BigInt(power));
  const nano = scaleUp(mantissa, tens + 9 - fraction.length);
  const format = power !== undefined ? 'binary' : exponent !== undefined ? 'exponent' : 'decimal';
  return { nano: sign === '-' ? -nano : nano, format };
}

/** Thousandths, rounded up: `250m` is 250 (CPU shares and quotas). Undefined when the text is no quantity. */
export function milliValue(text: string | number): number | undefined {
  const quantity = parseQuantity(text);
  return quantity === undefined ? undefined : Number(divideUp(quantity.nano, nanoPerUnit / 1000n));
}

/** Whole units, rounded up: `1.5Gi` is 1610612736 (bytes). Undefined when the text is no quantity. */
export function wholeValue(text: string | number): number | undefined {
  const quantity = parseQuantity(text);
  return quantity === undefined ? undefined : Number(divideUp(quantity.nano, nanoPerUnit));
}

/** The form in which Kubernetes writes the quantity: `0.5` is `500m`, `1024Mi` is `1Gi`, `1000` is `1k`. */
export function canonicalQuantity(text: string | number): string | undefined {
  const quantity = parseQuantity(text);
  if (quantity === undefined) return undefined;
  if (quantity.nano === 0n) return '0';
  const sign = quantity.nano < 0n ? '-' : '';
  const nano = quantity.nano < 0n ? -quantity.nano : quantity.nano;
  // Below 1024 there is no binary suffix to use (Quantity.CanonicalizeBytes).
  if (quantity.format === 'binary' && nano >= 1024n * nanoPerUnit)
    return sign + binaryText(divideUp(nano, nanoPerUnit));
  return sign + decimalText(nano, quantity.format === 'exponent');
}

function binaryText(units: bigint): string {
  const suffixes = ['', ...Object.keys(binaryPowers)];
  let step = 0;
  let rest = units;
  while (rest % 1024n === 0n && step < suffixes.length - 1) {
    rest /= 1024n;
    step++;
  }
  return `${rest}${suffixes[step]}`;
}

function decimalText(nano: bigint, asExponent: boolean): string {
  let exponent = -9;
  let rest = nano;
  while (rest % 1000n === 0n && exponent < 18) {
    rest /= 1000n;
    exponent += 3;
  }
  if (asExponent) return exponent === 0 ? `${rest}` : `${rest}e${exponent}`;
  const suffix = Object.entries(decimalExponents).find(([, power]) => power === exponent)?.[0] ?? '';
  return `${rest}${suffix}`;
}

/** In nano units; an amount that is no quantity counts as 0, since its form is checked elsewhere. */
export function nanoOf(amount: string): bigint {
  return parseQuantity(amount)?.nano ?? 0n;
}

function scaleUp(mantissa: bigint, tens: number): bigint {
  return tens >= 0 ? mantissa * 10n ** BigInt(tens) : divideUp(mantissa, 10n ** BigInt(-tens));
}

/** Division that rounds away from zero, as Quantity does. */
function divideUp(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  if (value % by === 0n) return quotient;
  return value < 0n ? quotient - 1n : quotient + 1n;
}
