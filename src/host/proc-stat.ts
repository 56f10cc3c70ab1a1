/** Ticks of the times in /proc a second (proc(5), USER_HZ), on all machines that Node runs on. */
export const ticksPerSecond = 100;

/**
 * The fields of a /proc/PID/stat from the third on, the state (proc(5)). Field 2, the program's name, may hold spaces and
 * brackets; what follows the last bracket does not.
 */
export function statFields(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
