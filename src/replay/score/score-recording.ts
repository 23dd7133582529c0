import type { ReplayedCall, ReplayedRecording } from '../result.js';
import type { Share } from '../statistics/bootstrap.js';
import { align, errorsIn, normalise, normaliseHeard, type TextErrors } from './text-errors.js';

/** A text that was recognised, against what was said. */
export interface RecognitionScore {
  readonly characters: Omit<TextErrors, 'alignment'>;
  readonly words: Omit<TextErrors, 'alignment'>;
  /** Pairs of what was said and what was heard, in characters for Chinese, in words else; null where one is missing. */
  readonly alignment: readonly (readonly [string | null, string | null])[];
}

export interface RecordingScore {
  /** Null: there is no transcript, or one that can't be compared (`unscored` says why). */
  readonly recognition: RecognitionScore | null;
  readonly unscored: string | null;
  /** Right of labelled. */
  readonly intents: Share;
  readonly slots: Share;
  /** Turns that ended before the caller had finished, and that ended later than wanted, of those whose end is known. */
  readonly cuts: Share;
  readonly late: Share;
  /** Things the caller said that no turn took up. */
  readonly unheard: Share;
  /** What was said over the bot: right where it stopped, or went on, as labelled. */
  readonly bargeIns: Share;
  readonly noMatches: Share;
}

/** Later than this after the last word an end of turn is late: longer than any silence that turn-taking waits for but in half sentences and numbers. */
export const LATE_MS = 1000;

const NONE: Share = { part: 0, of: 0 };

/** How well one recording went; undefined for one that failed. */
export function scoreRecording(result: ReplayedRecording, lateMs = LATE_MS): RecordingScore | undefined {
  if (result.kind === 'failed') return undefined;
  const { reference, heard, language, task } = result;
  const recognition = reference === null ? undefined : scoreText(reference, heard, language, task);
  const base = {
    recognition: recognition ?? null,
    unscored: recognition
      ? null
      : reference === null
        ? 'no transcript'
        : 'a transcript with letters, digits or another script can not be compared',
  };
  if (result.kind === 'recognition')
    return {
      ...base,
      intents: NONE,
      slots: NONE,
      cuts: NONE,
      late: NONE,
      unheard: NONE,
      bargeIns: NONE,
      noMatches: NONE,
    };
  return { ...base, ...scoreTurns(result, lateMs) };
}

export function scoreText(
  reference: string,
  heard: string,
  language: string,
  task: string | null,
): RecognitionScore | undefined {
  const wanted = normalise(reference, language, task);
  if (!wanted) return undefined;
  const got = normaliseHeard(heard, language, task);
  const { alignment: byCharacter, ...characters } = align(wanted.characters, got.characters);
  const { alignment: byWord, ...words } = align(wanted.words, got.words);
  const alignment = language.startsWith('en') ? byWord : byCharacter;
  return {
    characters,
    words,
    alignment: alignment.map(({ wanted: said, heard: understood }) => [said ?? null, understood ?? null] as const),
  };
}

function scoreTurns(
  { turns, said }: ReplayedCall,
  lateMs: number,
): Pick<RecordingScore, 'intents' | 'slots' | 'cuts' | 'late' | 'unheard' | 'bargeIns' | 'noMatches'> {
  const spoken = turns.filter(({ input }) => input === 'text');
  const ends = spoken.flatMap(({ end }) => (end && (end.cut || end.delayMs !== null) ? [end] : []));
  const labelled = spoken.filter(({ expectedIntent }) => expectedIntent !== null);
  const slots = turns.flatMap(({ expectedSlots }) => expectedSlots);
  return {
    intents: share(labelled, ({ intent, expectedIntent }) => intent === expectedIntent),
    slots: share(slots, ({ right }) => right),
    cuts: share(ends, ({ cut }) => cut),
    late: share(ends, ({ delayMs }) => delayMs !== null && delayMs > lateMs),
    // What the bot should not stop for need not become a turn.
    unheard: share(
      said.filter(({ overBot }) => overBot?.shouldStop !== false),
      ({ understoodInTurn }) => understoodInTurn === null,
    ),
    bargeIns: share(
      said.flatMap(({ overBot }) => (overBot && overBot.shouldStop !== null ? [overBot] : [])),
      ({ shouldStop, stopped }) => shouldStop === stopped,
    ),
    noMatches: share(spoken, ({ noMatch }) => noMatch),
  };
}

function share<Item>(items: readonly Item[], counts: (item: Item) => boolean): Share {
  return { part: items.filter(counts).length, of: items.length };
}

/** Errors of a text as a share: of characters, or of words. */
export function errorShare(score: RecordingScore | undefined, units: 'characters' | 'words'): Share {
  const counted = score?.recognition?.[units];
  return counted ? { part: errorsIn(counted), of: counted.units } : NONE;
}
