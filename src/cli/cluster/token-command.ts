import type { CliCommand, CliOption } from '../command.ts';
import { rootDirOption } from '../options.ts';

const accessOptions: readonly CliOption[] = [
  rootDirOption,
  { flags: '--kubeconfig <file>', summary: 'who asks, and which cluster (default: admin.conf below --root-dir)' },
];

const tokenOptions: readonly CliOption[] = [
  { flags: '--ttl <duration>', summary: 'how long it holds; 0 = for ever (default 24h0m0s)' },
  { flags: '--usages <usages>', summary: 'what it is good for: signing, authentication (default both)', list: true },
  {
    flags: '--groups <groups>',
    summary: 'groups of who authenticates with it (default system:bootstrappers:kubeadm:default-node-token)',
    list: true,
  },
  { flags: '--description <text>', summary: 'what it is for, in your own words' },
];

/** `bootstrap token`. */
export const tokenCommand: CliCommand = {
  name: 'token',
  summary: 'the tokens that other machines join with',
  examples: ['bootstrap token create --print-join-command', 'bootstrap token list', 'bootstrap token delete abcdef'],
  commands: [
    {
      name: 'create',
      summary: 'make a token and print it',
      examples: [
        'bootstrap token create --print-join-command',
        'bootstrap token create --ttl 2h --description "workers of rack 3"',
        'bootstrap token create abcdef.0123456789abcdef --ttl 0',
        'bootstrap token create --config kubeadm.yaml --dry-run',
      ],
      arguments: [
        { form: '[token]', summary: 'the token itself, [a-z0-9]{6}.[a-z0-9]{16}; without one it is drawn by lot' },
      ],
      options: [
        ...accessOptions,
        ...tokenOptions,
        {
          flags: '--config <file>',
          summary: 'make the bootstrapTokens of this InitConfiguration, and print the first',
        },
        { flags: '--dry-run', summary: 'change nothing; print what would be made' },
        { flags: '--print-join-command', summary: 'print the whole `kubeadm join` line instead' },
        {
          flags: '--certificate-key <key>',
          summary: 'with --print-join-command: the line for another control plane member',
        },
      ],
      load: async () => ({ run: (await import('./create-token.ts')).createToken }),
    },
    {
      name: 'list',
      summary: 'the tokens that the cluster has',
      examples: ['bootstrap token list', 'bootstrap token list -o json'],
      options: accessOptions,
      load: async () => ({ run: (await import('./token.ts')).listAllTokens }),
    },
    {
      name: 'delete',
      summary: 'take tokens away; who has joined stays',
      examples: ['bootstrap token delete abcdef'],
      arguments: [{ form: '<tokens...>', summary: 'tokens, or only what stands before the dot' }],
      options: accessOptions,
      load: async () => ({ run: (await import('./token.ts')).deleteTokens }),
    },
    {
      name: 'generate',
      summary: 'print a new token that no cluster knows, for a configuration file',
      examples: ['bootstrap token generate'],
      load: async () => ({ run: (await import('./token.ts')).generateToken }),
    },
  ],
};

/** `bootstrap join`: what a worker is to run. */
export const joinCommandRow: CliCommand = {
  name: 'join',
  summary: 'print the kubeadm join line for a worker, with a fresh token',
  description:
    'Workers run the stock kubelet and join with stock kubeadm: this makes a token and prints the line to run there, as ' +
    '`token create --print-join-command` does.',
  examples: ['bootstrap join', 'bootstrap join --ttl 1h', 'ssh worker1 sudo $(bootstrap join)'],
  options: [...accessOptions, ...tokenOptions],
  load: async () => ({ run: (await import('./create-token.ts')).printJoin }),
};
