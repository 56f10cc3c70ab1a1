import type { HostFiles } from '../../host/host.ts';
import { LogLineParser } from './log-line.ts';

/** The last lines of a log of any form; none when it cannot be read. */
export async function lastLogLines(
  host: Pick<HostFiles, 'readFile'>,
  path: string,
  count: number,
): Promise<readonly string[]> {
  const data = await host.readFile(path).catch(() => undefined);
  const lines = Buffer.from(data ?? [])
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
  // The form is on the first line of the file; parts of a line are few.
  const parser = new LogLineParser();
  const whole = lines.slice(-count * 2).flatMap((line) => parser.parse(line)?.text ?? []);
  return [...whole, ...[parser.rest()?.text ?? []].flat()].slice(-count);
}
