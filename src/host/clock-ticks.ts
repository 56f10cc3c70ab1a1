/** Ticks of the times in /proc a second (proc(5), USER_HZ), on all machines that Node runs on. */
export const ticksPerSecond = 100;
