/**
 * What kubectl 1.37.2 sent for `kubectl exec -i POD -- sh -c 'cat; exit 2'` over SPDY/3.1 with `hi` on its input: four
 * SYN_STREAM (error 1, stdin 3, stdout 5, stderr 7), the input and its end, and the beginning of its GOAWAY.
 */
export const recordedExec = Buffer.from(
  [
    '80030001000000290000000100000000000078f9e3c6a7c26260606004a7b392a2d4c45c6851c29a0a0a6800000000ffff',
    '800300010000001700000003000000000000c22e555c92929907000000ffff',
    '800300010000001900000005000000000000c22ac5565c92925f5a02000000ffff',
    '800300010000001500000007000000000000c229975a5404000000ffff',
    '000000030000000368690a',
    '0000000301000000',
  ].join(''),
  'hex',
);
