import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { HearkenError, messageOf } from '../../errors.js';
import { REPORT_FORMAT, type ReplayReport, type ReportedRecording, withoutTiming } from '../report/report.js';
import { scoreText } from '../score/score-recording.js';

/** Results that somebody has looked at and accepted: later replays are held against them. */

/** Stores a report (without what was measured) as what is right from now on. Throws REQUEST_INVALID where it can't be written. */
export function acceptGolden(file: string, report: ReplayReport): void {
  const part = `${file}.${process.pid}.part`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    try {
      writeFileSync(part, `${JSON.stringify(withoutTiming(report), null, 1)}\n`);
      renameSync(part, file);
    } catch (error) {
      rmSync(part, { force: true });
      throw error;
    }
  } catch (error) {
    throw new HearkenError('REQUEST_INVALID', `The accepted results can't be written to ${file}: ${messageOf(error)}`, {
      hint: 'What was accepted before is as it was; name another file with --golden.',
      cause: error,
    });
  }
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
  return {
    ...(parsed as ReplayReport),
    recordings: recordings.map(countedAgain),
    timing: (parsed as Partial<ReplayReport>).timing ?? untimed,
  };
}

/** Its words counted as this program and this Node do: what two versions of them part differently is no change of the recording. */
function countedAgain(recording: ReportedRecording): ReportedRecording {
  const { reference, heard, language, task, score } = recording;
  if (typeof reference !== 'string' || !score?.recognition) return recording;
  return { ...recording, score: { ...score, recognition: scoreText(reference, heard, language, task) ?? null } };
}

export function hasGolden(file: string): boolean {
  return existsSync(file);
}
