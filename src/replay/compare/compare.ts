import type { ReplayReport, ReportedRecording } from '../report/report.js';
import type { ReplayedRecording } from '../result.js';
import { errorShare, type RecordingScore } from '../score/score-recording.js';
import type { Share } from '../statistics/bootstrap.js';
import { mcNemar, type PairedDifference, pairedBootstrap, signTest } from '../statistics/significance.js';
import { type Change, diffRecordings } from './diff-turns.js';

export type Verdict = 'better' | 'worse' | 'mixed' | 'changed' | 'same';

/** One recording in both replays. */
export interface ComparedRecording {
  readonly file: string;
  readonly verdict: Verdict;
  readonly changes: readonly Change[];
  /** Which figures got better or worse, for people. */
  readonly because: readonly string[];
  /** The larger, the more worth listening to. */
  readonly weight: number;
}

export interface ComparedFigure {
  readonly name: string;
  readonly better: 'low' | 'high';
  readonly before: number;
  readonly after: number;
  /** Undefined for figures without a share. */
  readonly paired: PairedDifference;
  /** Recordings in which it got better and worse, and the chance of such a split where nothing changed. */
  readonly improved: number;
  readonly worsened: number;
  readonly signP: number;
  /** For what is right or wrong in a recording. */
  readonly mcNemarP: number | null;
}

export interface Comparison {
  readonly baseline: string;
  readonly candidate: string;
  readonly paired: number;
  /** In one of the two alone. */
  readonly unpaired: readonly string[];
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly figures: readonly ComparedFigure[];
  /** Everything that is not as before, what is most worth listening to first. */
  readonly changed: readonly ComparedRecording[];
}

interface Measure {
  readonly name: string;
  readonly better: 'low' | 'high';
  readonly share: (recording: ReportedRecording) => Share;
  /** A recording is simply right or wrong in it. */
  readonly exact?: boolean;
  /** What a step of it weighs when recordings to listen to are chosen. */
  readonly weight: number;
}

const NONE: Share = { part: 0, of: 0 };
const ofScore = (pick: (score: RecordingScore) => Share) => (recording: ReportedRecording) => pick(recording.score);
const outcome = (name: string) => (recording: ReportedRecording) =>
  recording.kind === 'call' ? { part: recording.outcome === name ? 1 : 0, of: 1 } : NONE;

const MEASURES: readonly Measure[] = [
  { name: 'contained', better: 'high', share: outcome('contained'), exact: true, weight: 10 },
  { name: 'abandoned', better: 'low', share: outcome('abandoned'), exact: true, weight: 10 },
  { name: 'failed', better: 'low', share: outcome('failed'), exact: true, weight: 20 },
  { name: 'intents right', better: 'high', share: ofScore(({ intents }) => intents), weight: 6 },
  { name: 'slots right', better: 'high', share: ofScore(({ slots }) => slots), weight: 6 },
  {
    name: 'character errors',
    better: 'low',
    share: (recording) => errorShare(recording.score, 'characters'),
    weight: 4,
  },
  { name: 'word errors', better: 'low', share: (recording) => errorShare(recording.score, 'words'), weight: 4 },
  {
    name: 'all words right',
    better: 'high',
    share: ({ score }) => (score.recognition ? { part: errorShare(score, 'words').part === 0 ? 1 : 0, of: 1 } : NONE),
    exact: true,
    weight: 1,
  },
  { name: 'turns cut', better: 'low', share: ofScore(({ cuts }) => cuts), weight: 5 },
  { name: 'ends late', better: 'low', share: ofScore(({ late }) => late), weight: 2 },
  { name: 'barge-in right', better: 'high', share: ofScore(({ bargeIns }) => bargeIns), weight: 5 },
  { name: 'said and not taken up', better: 'low', share: ofScore(({ unheard }) => unheard), weight: 5 },
  { name: 'not understood', better: 'low', share: ofScore(({ noMatches }) => noMatches), weight: 5 },
];

export interface CompareOptions {
  readonly baseline: string;
  readonly candidate: string;
  readonly seed?: number;
}

/** Pairs two replays recording by recording: what changed, whether for better or worse, and how sure that is. */
export function compareReports(before: ReplayReport, after: ReplayReport, options: CompareOptions): Comparison {
  const was = byFile(before);
  const is = byFile(after);
  const files = [...new Set([...was.keys(), ...is.keys()])].sort();
  const both = files.filter((file) => was.has(file) && is.has(file));
  const scored = both.flatMap((file) => {
    const left = was.get(file);
    const right = is.get(file);
    return left && right && left.kind !== 'failed' && right.kind !== 'failed' ? [{ left, right }] : [];
  });
  const compared = both.map((file) => compareOne(file, was.get(file), is.get(file)));
  const verdicts: Record<Verdict, number> = { better: 0, worse: 0, mixed: 0, changed: 0, same: 0 };
  for (const { verdict } of compared) verdicts[verdict] += 1;
  return {
    baseline: options.baseline,
    candidate: options.candidate,
    paired: both.length,
    unpaired: files.filter((file) => !was.has(file) || !is.has(file)),
    verdicts,
    figures: MEASURES.flatMap((measure) => figureOf(measure, scored, options.seed ?? 1)),
    changed: compared
      .filter(({ changes }) => changes.length > 0)
      .sort((left, right) => right.weight - left.weight || (left.file < right.file ? -1 : 1)),
  };
}

type Reported = ReportedRecording | Extract<ReplayedRecording, { kind: 'failed' }>;

function byFile({ recordings, failed }: ReplayReport): ReadonlyMap<string, Reported> {
  return new Map<string, Reported>([...recordings, ...failed].map((each) => [each.file, each]));
}

function compareOne(file: string, before: Reported | undefined, after: Reported | undefined): ComparedRecording {
  const changes = before && after ? diffRecordings(before, after) : [];
  if (!before || !after || before.kind === 'failed' || after.kind === 'failed') {
    const both = before?.kind === 'failed' && after?.kind === 'failed';
    if (changes.length === 0) return { file, verdict: 'same', changes, because: [], weight: 0 };
    return {
      file,
      verdict: both ? 'changed' : before?.kind === 'failed' ? 'better' : 'worse',
      changes,
      because: [both ? 'could not be replayed, for another reason' : 'could not be replayed in one of them'],
      weight: both ? 1 : 100,
    };
  }
  const moved = MEASURES.flatMap((measure) => {
    const step = stepOf(measure, before, after);
    return step === 0 ? [] : [{ measure, step }];
  });
  const better = moved.some(({ step }) => step > 0);
  const worse = moved.some(({ step }) => step < 0);
  const verdict =
    better && worse ? 'mixed' : better ? 'better' : worse ? 'worse' : changes.length > 0 ? 'changed' : 'same';
  // What got worse is to be heard first.
  const weight = moved.reduce(
    (sum, { measure, step }) => sum + Math.abs(step) * measure.weight * (step < 0 ? 1.5 : 1),
    0,
  );
  const because = moved.map(({ measure, step }) => `${measure.name} ${step > 0 ? 'better' : 'worse'}`);
  return { file, verdict, changes, because, weight: Math.round((weight + changes.length * 0.1) * 1000) / 1000 };
}

/** How much a figure of one recording got better (worse: below zero). */
function stepOf({ share, better }: Measure, before: ReportedRecording, after: ReportedRecording): number {
  const [was, is] = [rateOf(share(before)), rateOf(share(after))];
  if (was === undefined || is === undefined) return 0;
  return better === 'high' ? is - was : was - is;
}

function rateOf({ part, of }: Share): number | undefined {
  return of === 0 ? undefined : part / of;
}

function figureOf(
  measure: Measure,
  scored: readonly { readonly left: ReportedRecording; readonly right: ReportedRecording }[],
  seed: number,
): ComparedFigure[] {
  const pairs = scored.map(({ left, right }) => ({ before: measure.share(left), after: measure.share(right) }));
  const paired = pairedBootstrap(pairs, { seed });
  if (!paired) return [];
  const total = (side: 'before' | 'after'): number => {
    const part = pairs.reduce((sum, pair) => sum + pair[side].part, 0);
    return part / pairs.reduce((sum, pair) => sum + pair[side].of, 0);
  };
  const steps = scored.map(({ left, right }) => stepOf(measure, left, right));
  const improved = steps.filter((step) => step > 0).length;
  const worsened = steps.filter((step) => step < 0).length;
  return [
    {
      name: measure.name,
      better: measure.better,
      before: total('before'),
      after: total('after'),
      paired,
      improved,
      worsened,
      signP: signTest(improved, worsened),
      mcNemarP: measure.exact ? mcNemar(worsened, improved) : null,
    },
  ];
}
