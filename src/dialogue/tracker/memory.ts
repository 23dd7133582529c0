import type { TrackerEvent } from './events.js';

/** What is remembered of a long conversation: the last lines word by word, and of what came before the sentences that matter. */

export interface Line {
  readonly who: 'caller' | 'bot';
  readonly text: string;
  readonly atMs: number;
}

export interface Memory {
  readonly lines: readonly Line[];
  /** Sentences taken from older lines, oldest first. */
  readonly extract: readonly Extracted[];
  /** The same in the words of a language model, where one is configured, and how many lines it covers. */
  readonly abstract?: string;
  /** Lines that have left the window so far. */
  readonly older: number;
}

interface Extracted {
  readonly who: 'caller' | 'bot';
  readonly text: string;
  readonly score: number;
}

/** Twelve turns or so: what a person would still have in their ear. */
const MAX_LINES = 24;
const MAX_EXTRACT = 8;
const MAX_TEXT_CHARS = 160;
const SMALL_TALK: ReadonlySet<string> = new Set(
  'greet affirm deny thanks goodbye repeat slower bye nlu_fallback'.split(' '),
);

export const emptyMemory: Memory = { lines: [], extract: [], older: 0 };

/** The memory after a turn. */
export function addTurn(memory: Memory, events: readonly TrackerEvent[]): Memory {
  const added: (Line & { readonly score: number })[] = [];
  for (const event of events) {
    if (event.event === 'user' && (event.shown !== undefined || (event.input === 'text' && event.text !== '')))
      added.push({
        who: 'caller',
        text: (event.shown ?? event.text).slice(0, MAX_TEXT_CHARS),
        atMs: event.atMs,
        score: userScore(event),
      });
    else if (event.event === 'user' && event.input === 'dtmf')
      added.push({ who: 'caller', text: `# ${event.text}`.slice(0, MAX_TEXT_CHARS), atMs: event.atMs, score: 0 });
    else if (event.event === 'bot' && !event.interim)
      added.push({
        who: 'bot',
        text: event.text.slice(0, MAX_TEXT_CHARS),
        atMs: event.atMs,
        score: botScore(event.text),
      });
  }
  if (added.length === 0) return memory;
  const lines = [...memory.lines, ...added] as readonly (Line & { readonly score?: number })[];
  const leaving = lines.slice(0, Math.max(0, lines.length - MAX_LINES));
  return {
    ...memory,
    lines: lines.slice(leaving.length),
    extract: leaving.length === 0 ? memory.extract : bestOf([...memory.extract, ...leaving.map(scored)]),
    older: memory.older + leaving.length,
  };
}

/** The conversation in short, for people and for models: what mattered before, in the order it was said. */
export function summaryOf(memory: Memory): string {
  if (memory.abstract !== undefined) return memory.abstract;
  return memory.extract.map(({ text }) => text.replace(/[。.!！]$/u, '')).join('；');
}

function scored(line: Line & { readonly score?: number }): Extracted {
  return { who: line.who, text: line.text, score: line.score ?? 0 };
}

/** The best sentences, in the order they were said; of two equally good ones the later. The same sentence counts once. */
function bestOf(all: readonly Extracted[]): readonly Extracted[] {
  const unique = all.filter((one, at) => one.score > 0 && all.findLastIndex((other) => other.text === one.text) === at);
  const ranked = unique.map((one, at) => ({ one, at })).sort((a, b) => b.one.score - a.one.score || b.at - a.at);
  return ranked
    .slice(0, MAX_EXTRACT)
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

function userScore(event: Extract<TrackerEvent, { event: 'user' }>): number {
  if (SMALL_TALK.has(event.intent) && event.entities.length === 0) return 0;
  const sure = event.confidence >= 0.5 ? 2 : 0;
  const length = event.text.length >= 4 ? 1 : 0;
  return (
    sure + length + Math.min(2, event.entities.length) + (/[\d零一二三四五六七八九]{3,}/u.test(event.text) ? 1 : 0)
  );
}

/** What the bot told matters where it holds facts: numbers, dates, states. Questions don't. */
function botScore(text: string): number {
  if (/[?？]\s*$/u.test(text)) return 0;
  return /\d{2,}/.test(text) ? 2 : 0;
}
