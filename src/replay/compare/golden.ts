import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { HearkenError, messageOf } from '../../errors.js';
import { REPORT_FORMAT, type ReplayReport, withoutTiming } from '../report/report.js';

/** Results that somebody has looked at and accepted: later replays are held against them. */

/** Stores a report (without what was measured) as what is right from now on. */
export function acceptGolden(file: string, report: ReplayReport): void {
  const part = `${file}.${process.pid}.part`;
  writeFileSync(part, `${JSON.stringify(withoutTiming(report), null, 1)}\n`);
  renameSync(part, file);
}

/** Reads a stored report, golden or not. Throws FILE_UNREADABLE. */
export function readReport(file: string): ReplayReport {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new HearkenError('FILE_UNREADABLE', `${file} is not a report of a replay: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const { format, recordings, failed } = (parsed ?? {}) as Partial<ReplayReport>;
  if (format !== REPORT_FORMAT || !Array.isArray(recordings) || !Array.isArray(failed)) {
    throw new HearkenError('FILE_UNREADABLE', `${file} is not a report that this version of Hearken wrote.`, {
      hint: 'Replay again with --out, or with --accept for a golden file.',
    });
  }
  const untimed: ReplayReport['timing'] = {
    startedAt: '',
    wallMs: 0,
    resumed: 0,
    audioHoursPerMinute: 0,
    realTimeFactor: 0,
    recordings: {},
  };
  return { ...(parsed as ReplayReport), timing: (parsed as Partial<ReplayReport>).timing ?? untimed };
}

export function hasGolden(file: string): boolean {
  return existsSync(file);
}
