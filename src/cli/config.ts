import { errorsOf } from '../base/diagnostics.ts';
import { configFlagsOf } from '../config/flags.ts';
import { checkConfig, loadConfig } from '../config/load.ts';
import { renderConfig, withoutSecrets } from '../config/print.ts';
import type { CliContext, CommandRun } from './command.ts';
import { findingLine } from './error-text.ts';
import { styleOf } from './style.ts';
import type { Options } from './workflow-context.ts';
import { rootDirOf, textOption } from './workflow-context.ts';

function inputOf(cli: CliContext, options: Options) {
  const file = textOption(options, 'config');
  return {
    host: cli.host,
    flags: configFlagsOf(options),
    rootDir: rootDirOf(cli.host, options),
    ...(file === undefined ? {} : { file }),
  };
}

/** `config print`: every default and flag in its place, as documents that `--config` takes. */
export const printConfig: CommandRun = async (cli, { options, common }) => {
  const config = await loadConfig(inputOf(cli, options));
  const style = styleOf(common.color && cli.stderr.isTerminal);
  for (const warning of config.warnings) cli.stderr.write(`${style.yellow(warning)}\n`);
  cli.stdout.write(common.output === 'text' ? renderConfig(config) : `${JSON.stringify(withoutSecrets(config))}\n`);
  return 0;
};

/** `config validate`: warnings and errors together; exit code 3 when there is an error. */
export const validateConfig: CommandRun = async (cli, { options, common }) => {
  const { findings } = await checkConfig(inputOf(cli, options));
  const valid = errorsOf(findings).length === 0;
  if (common.output === 'text') {
    const style = styleOf(common.color && cli.stdout.isTerminal);
    for (const finding of findings) cli.stdout.write(`${findingLine(finding, style)}\n`);
    const count = findings.length === 1 ? '1 finding' : `${findings.length} findings`;
    cli.stdout.write(valid ? `valid${findings.length === 0 ? '' : `, ${count}`}\n` : `not valid, ${count}\n`);
  } else {
    cli.stdout.write(`${JSON.stringify({ kind: 'ConfigValidation', valid, findings })}\n`);
  }
  return valid ? 0 : 3;
};
