import { bugExitCode } from './cli/error-text.ts';
import { main } from './cli/main.ts';

main(process).then(
  (code) => {
    process.exitCode = code;
  },
  (thrown: unknown) => {
    // Only the rendering of errors itself can fail here.
    process.stderr.write(`${String(thrown)}\n`);
    process.exitCode = bugExitCode;
  },
);
