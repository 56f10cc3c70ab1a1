import type { LogLine } from '../logs/log-line.ts';

/** The lines as they are sent, no more bytes than allowed. */
export async function* logText(
  lines: AsyncIterable<LogLine>,
  { timestamps, limitBytes = Number.POSITIVE_INFINITY }: { readonly timestamps: boolean; readonly limitBytes?: number },
): AsyncGenerator<string> {
  let bytesLeft = limitBytes;
  for await (const line of lines) {
    const text = `${timestamps ? timePrefix(line) : ''}${line.text}\n`;
    const bytes = Buffer.byteLength(text);
    yield bytes <= bytesLeft ? text : wholeCharacters(text, bytesLeft);
    bytesLeft -= bytes;
    if (bytesLeft <= 0) return;
  }
}

/** With nanoseconds to the last digit, as the kubelet writes it; logs of bare programs have no times. */
function timePrefix({ time }: LogLine): string {
  if (time === undefined) return '';
  const [, seconds = time, fraction = '', zone = ''] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(.*)$/.exec(time) ?? [];
  return `${seconds}.${fraction.slice(0, 9).padEnd(9, '0')}${zone} `;
}

/** Without half a character at the end. */
function wholeCharacters(text: string, bytes: number): string {
  return Buffer.from(text)
    .subarray(0, bytes)
    .toString()
    .replace(/\ufffd+$/, '');
}
