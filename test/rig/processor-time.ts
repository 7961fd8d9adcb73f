/**
 * Milliseconds of a processor that `work` takes on this thread. Unlike the time on a clock, they do not grow while
 * other programs have the processors.
 */
export function processorMs(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
