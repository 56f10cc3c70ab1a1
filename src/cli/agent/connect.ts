import { finished } from 'node:stream/promises';
import { connectLocally } from '../../host/connect-local.ts';
import type { CommandRun } from '../command.ts';

/** One byte says that the connection stands; why it does not is an error as any other. Each side ends on its own. */
export const run: CommandRun = async (_context, { arguments: [port] }) => {
  const socket = await connectLocally(Number(port));
  process.stdout.write('+');
  process.stdin.pipe(socket);
  socket.pipe(process.stdout);
  const wentWell = await finished(socket).then(
    () => true,
    () => false,
  );
  process.stdin.destroy();
  return wentWell ? 0 : 1;
};
