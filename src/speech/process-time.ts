import { readFileSync } from 'node:fs';

/** CPU time of a process so far: fields 14 and 15 of /proc/<pid>/stat, in clock ticks of 10 ms (proc(5)). Undefined where that can't be read. */
export function cpuTimeMs(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Number.isFinite(ticks) ? ticks * 10 : undefined;
  } catch {
    return undefined;
  }
}
