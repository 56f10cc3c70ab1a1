/** CRI's own numbers of signals, which are not the kernel's (k8s.io/cri-api runtime.v1 Signal): SIGABRT is 1. */
const named =
  'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP ' +
  'TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ';
const realTime = [
  'RTMIN',
  ...Array.from({ length: 15 }, (_item, index) => `RTMIN+${index + 1}`),
  ...Array.from({ length: 14 }, (_item, index) => `RTMAX-${14 - index}`),
  'RTMAX',
];

/** By the name that a Pod's stopSignal has, such as `SIGTERM`. */
export const signalNumbers: Readonly<Record<string, number>> = Object.fromEntries(
  [...named.split(' '), ...realTime].map((name, index) => [`SIG${name}`, index + 1]),
);
