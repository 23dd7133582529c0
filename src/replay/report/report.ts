import type { Config } from '../../config.js';
import { chooseModels } from '../../speech/choose.js';
import type { Graph } from '../../speech/graph.js';
import { ModelRegistry } from '../../speech/registry.js';
import type { FailedRecording, MeasuredRun, ReplayedRecording } from '../result.js';
import type { ReplayedSet } from '../run/replay-recordings.js';
import { type RecordingScore, scoreRecording } from '../score/score-recording.js';
import { type Totals, totalsOf } from '../score/totals.js';

/** Grows when the shape changes. */
export const REPORT_FORMAT = 2;

/** One source (a group of a table of transcripts, or a folder), people and kinds of recordings apart. */
export interface SourceTotals {
  readonly source: string;
  readonly language: string;
  readonly task: string | null;
  /** Which graph it was recognised with; null for calls, where the open question decides. */
  readonly graph: Graph | null;
  readonly trainedOn: boolean;
  readonly totals: Totals;
}

export type ReportedRecording = Exclude<ReplayedRecording, FailedRecording> & { readonly score: RecordingScore };

/** What a replay found. Everything in it is the same each time but `timing`, where all that was measured stands. */
export interface ReplayReport {
  readonly format: number;
  readonly setup: {
    /** Of configuration, application, models and program. */
    readonly checksum: string;
    readonly application: string | null;
    readonly models: readonly { readonly role: string; readonly name: string; readonly reason: string }[];
  };
  /** Where the calls were placed, of a replay at real speed; its times are real and differ from run to run. */
  readonly line?: string;
  readonly planned: number;
  /** False: it was stopped before the end. */
  readonly complete: boolean;
  readonly totals: Totals;
  readonly bySource: readonly SourceTotals[];
  readonly failed: readonly FailedRecording[];
  readonly recordings: readonly ReportedRecording[];
  readonly timing: ReportTiming;
}

export interface ReportTiming {
  readonly startedAt: string;
  readonly wallMs: number;
  /** Recordings that came from the journal: they took no time now. */
  readonly resumed: number;
  readonly audioHoursPerMinute: number;
  /** Wall time for each second of audio, over all processes together. */
  readonly realTimeFactor: number;
  readonly recordings: Readonly<Record<string, MeasuredRun>>;
}

export interface ReportOptions {
  readonly config: Config;
  readonly root: string;
  readonly startedAt: Date;
  readonly lateMs?: number;
  /** Of the bootstrap. */
  readonly seed?: number;
}

export function buildReport(set: ReplayedSet, options: ReportOptions): ReplayReport {
  const { config, root, seed = 1 } = options;
  const scored = set.results.map((result) => ({ result, score: scoreRecording(result, options.lateMs) }));
  const recordings = scored.flatMap(({ result, score }) =>
    result.kind === 'failed' || !score ? [] : [{ ...result, score }],
  );
  const registry = new ModelRegistry({ root, folders: config.speech.modelFolders });
  const dialogue = recordings.some(({ kind }) => kind === 'call');
  const models = chooseModels(registry, config.speech)
    .map(({ inUse: { role, kind, name, reason } }) => ({ role, kind, name, reason }))
    .filter(({ kind }) => dialogue || kind !== 'synthesizer')
    .map(({ role, name, reason }) => ({ role, name, reason }));
  const audioMs = set.freshAudioMs;
  const wallMs = Math.max(1, set.wallMs);
  return {
    format: REPORT_FORMAT,
    setup: { checksum: set.setup, application: dialogue ? config.app.folder : null, models },
    planned: set.planned,
    complete: set.results.length === set.planned,
    totals: totalsOf(scored, { seed }),
    bySource: bySource(recordings, seed),
    failed: set.results.flatMap((result) => (result.kind === 'failed' ? [result] : [])),
    recordings,
    timing: {
      startedAt: options.startedAt.toISOString(),
      wallMs: Math.round(wallMs),
      resumed: set.resumed,
      audioHoursPerMinute: rounded((audioMs / 3_600_000 / wallMs) * 60_000),
      realTimeFactor: audioMs === 0 ? 0 : rounded(wallMs / audioMs),
      recordings: Object.fromEntries(
        [...set.measured].map(([file, { wallMs: wall, partsMs }]) => [
          file,
          { wallMs: rounded(wall), partsMs: rounded(partsMs) },
        ]),
      ),
    },
  };
}

function bySource(recordings: readonly ReportedRecording[], seed: number): readonly SourceTotals[] {
  const groups = new Map<string, ReportedRecording[]>();
  for (const recording of recordings) {
    const graph = recording.kind === 'recognition' ? recording.graph : null;
    const key = JSON.stringify([recording.source, recording.language, recording.task, graph, recording.trainedOn]);
    const group = groups.get(key) ?? [];
    group.push(recording);
    groups.set(key, group);
  }
  return [...groups]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([, group]) => {
      const [first] = group;
      if (!first) return [];
      const { source, language, task, trainedOn } = first;
      // Errors of people it was trained on stand in a row of their own.
      const scored = group.map((recording) => ({ result: { ...recording, trainedOn: false }, score: recording.score }));
      return [
        {
          source: source === '' ? '.' : source,
          language,
          task,
          graph: first.kind === 'recognition' ? first.graph : null,
          trainedOn,
          totals: totalsOf(scored, { seed }),
        },
      ];
    });
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/** The report without what was measured: the same bytes each time. */
export function withoutTiming({ timing: _, ...rest }: ReplayReport): Omit<ReplayReport, 'timing'> {
  return rest;
}
