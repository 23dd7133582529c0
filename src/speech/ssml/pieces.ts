import { isSpeakable, normalizeText } from '../normalize/index.js';
import { type Markup, type MarkupElement, readMarkup } from './markup.js';
import { sayAs } from './say-as.js';

/** What a text comes to: words, silence, recordings, in order. */
export type Piece =
  | {
      readonly kind: 'words';
      /** Normalised. */
      readonly text: string;
      /** 1 = as trained. */
      readonly rate: number;
      readonly gainDb: number;
    }
  | { readonly kind: 'pause'; readonly ms: number }
  | { readonly kind: 'recording'; readonly src: string; readonly otherwise: readonly Piece[] };

export interface PieceOptions {
  readonly language: string;
  /** Characters that a voice reads as this pinyin ("chong2 qing4"); undefined when it can't. */
  readonly pronounce?: (pinyin: string) => string | undefined;
  /** Applied to all plain text before it is normalised: the user's lexicon. */
  readonly respell?: (text: string) => string;
}

const LONGEST_TEXT = 8000;
const LONGEST_PAUSE_MS = 10_000;
/** Of SSML 1.1's names for the strength of a break. */
const BREAKS: Readonly<Record<string, number>> = {
  none: 0,
  'x-weak': 100,
  weak: 200,
  medium: 400,
  strong: 700,
  'x-strong': 1200,
};
const RATES: Readonly<Record<string, number>> = {
  'x-slow': 0.6,
  slow: 0.8,
  medium: 1,
  default: 1,
  fast: 1.25,
  'x-fast': 1.6,
};
/** Louder than that would only be cut off, however often it is asked for. */
const MOST_GAIN_DB = 6;
const VOLUMES: Readonly<Record<string, number>> = {
  silent: -96,
  'x-soft': -12,
  soft: -6,
  medium: 0,
  default: 0,
  loud: 4,
  'x-loud': 6,
};

interface Manner {
  readonly rate: number;
  readonly gainDb: number;
}

/** Text, or SSML when it begins with `<speak`. SSML that is not well-formed is spoken without its tags. */
export function piecesOf(text: string, options: PieceOptions): readonly Piece[] {
  const plain = text.slice(0, LONGEST_TEXT);
  const manner: Manner = { rate: 1, gainDb: 0 };
  if (!/^\s*<speak[\s>]/.test(plain)) return join(words(plain, manner, options));
  const root = readMarkup(plain);
  if (root?.name !== 'speak') return join(words(plain.replace(/<[^>]*>?/g, ' '), manner, options));
  return join(read(root.children, manner, options));
}

function read(children: readonly Markup[], manner: Manner, options: PieceOptions): Piece[] {
  return children.flatMap((child) =>
    typeof child === 'string' ? words(child, manner, options) : element(child, manner, options),
  );
}

function element(child: MarkupElement, manner: Manner, options: PieceOptions): Piece[] {
  const { name, attributes, children } = child;
  switch (name) {
    case 'break':
      return [{ kind: 'pause', ms: breakMs(attributes) }];
    case 'say-as': {
      const said = sayAs(textOf(children), attributes['interpret-as'] ?? '', options.language, attributes.format);
      return said === '' ? [] : [{ kind: 'words', text: said, ...manner }];
    }
    case 'sub':
      return words(attributes.alias ?? textOf(children), manner, options);
    case 'phoneme': {
      const pinyin = /pinyin/.test(attributes.alphabet ?? '') ? options.pronounce?.(attributes.ph ?? '') : undefined;
      return pinyin === undefined ? read(children, manner, options) : [{ kind: 'words', text: pinyin, ...manner }];
    }
    case 'prosody':
      return read(
        children,
        {
          rate: manner.rate * rateOf(attributes.rate),
          gainDb: Math.min(MOST_GAIN_DB, manner.gainDb + gainOf(attributes.volume)),
        },
        options,
      );
    case 'audio': {
      const otherwise = read(children, manner, options);
      return attributes.src === undefined ? otherwise : [{ kind: 'recording', src: attributes.src, otherwise }];
    }
    case 'p':
    case 's':
      return [...read(children, manner, options), { kind: 'pause', ms: name === 'p' ? 400 : 200 }];
    case 'desc':
    case 'metadata':
    case 'mark':
      return [];
    // What this voice can't do (emphasis, voice, lang, pitch) is spoken plainly.
    default:
      return read(children, manner, options);
  }
}

function words(text: string, manner: Manner, { language, respell }: PieceOptions): Piece[] {
  const said = normalizeText(respell ? respell(text) : text, language);
  if (said === '') return [];
  // Blanks at a tag part words where words are parted by blanks.
  const before = /^\s/.test(text) ? ' ' : '';
  const after = /\s$/.test(text) ? ' ' : '';
  return [{ kind: 'words', text: before + said + after, ...manner }];
}

/** Words of one manner that follow each other are one piece again, so that a tag in the middle makes no pause. */
function join(pieces: readonly Piece[]): readonly Piece[] {
  const out: Piece[] = [];
  for (const piece of pieces) {
    const last = out.at(-1);
    if (last?.kind === 'words' && piece.kind === 'words' && last.rate === piece.rate && last.gainDb === piece.gainDb) {
      out[out.length - 1] = { ...last, text: last.text + piece.text };
    } else out.push(piece);
  }
  return out
    .map((piece) => (piece.kind === 'words' ? { ...piece, text: tidy(piece.text) } : piece))
    .filter((piece) => piece.kind !== 'words' || isSpeakable(piece.text));
}

/** Blanks are for words of Latin script only, and never before a sign. */
function tidy(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/(?<=\p{Script=Han}|[，。！？；：、]) (?=\p{Script=Han})| (?=[,.!?;:，。！？；：、])/gu, '')
    .trim();
}

function textOf(children: readonly Markup[]): string {
  return children
    .map((child) => (typeof child === 'string' ? child : textOf(child.children)))
    .join('')
    .trim();
}

function breakMs({ time, strength }: Readonly<Record<string, string>>): number {
  const match = /^\s*\+?(\d+(?:\.\d+)?|\.\d+)(ms|s)\s*$/.exec(time ?? '');
  if (match) return Math.min(LONGEST_PAUSE_MS, Number(match[1]) * (match[2] === 's' ? 1000 : 1));
  return named(BREAKS, strength ?? 'medium') ?? 400;
}

function rateOf(value: string | undefined): number {
  if (value === undefined) return 1;
  const known = named(RATES, value.trim());
  if (known !== undefined) return known;
  const percent = /^\s*([+-])?(\d+(?:\.\d+)?)%\s*$/.exec(value);
  const rate = percent
    ? percent[1] === undefined
      ? Number(percent[2]) / 100
      : 1 + Number(`${percent[1]}${percent[2]}`) / 100
    : Number(value);
  return Number.isFinite(rate) && rate > 0 ? Math.max(0.5, Math.min(2, rate)) : 1;
}

function gainOf(value: string | undefined): number {
  if (value === undefined) return 0;
  const known = named(VOLUMES, value.trim());
  if (known !== undefined) return known;
  const decibels = /^\s*([+-]?\d+(?:\.\d+)?)dB\s*$/i.exec(value);
  return decibels ? Math.max(-96, Math.min(MOST_GAIN_DB, Number(decibels[1]))) : 0;
}

/** What the table has under this name; names that every object has are none of it. */
function named(table: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
