import { digitsIn, spokenDigits } from './digits.js';
import type { Goal, PersonaSpec, Phrases } from './scenario.js';

/** What the other side said, and what it waits for. */
export interface TurnView {
  readonly texts: readonly string[];
  /** Undefined: an open question. */
  readonly slot: string | undefined;
  readonly confirms: boolean;
  readonly noMatch: boolean;
  readonly intent: string | undefined;
  /** What the recogniser made of what was said; undefined for what was typed. */
  readonly heard?: string | undefined;
  readonly ended: 'hangup' | 'transfer' | undefined;
  /** From the end of what was said to the answer. */
  readonly responseMs: number | undefined;
}

export type Move =
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'silence' }
  | { readonly kind: 'hangUp' }
  /** Nothing sensible can be answered: what went wrong. */
  | { readonly kind: 'stuck'; readonly why: string };

/** Asked the same more often than this, a person gives up. */
const MOST_ASKED = 4;
/** Characters are lost from what is typed so often at 0 dB; nothing is lost above 30 dB. */
const LOSS_AT_0_DB = 0.3;

export interface PersonaOptions {
  readonly spec: PersonaSpec;
  readonly goal: Goal;
  readonly phrases: Phrases;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
  readonly spoken: boolean;
}

/** One caller: wants something, answers what is asked, and has a way of talking. The same random numbers give the same words. */
export class Persona {
  readonly #options: PersonaOptions;
  readonly #asked = new Map<string, number>();
  readonly #wrong = new Set<string>();
  readonly #corrected = new Set<string>();
  #opened = 0;
  #said = 0;
  #silences: number;
  #digressed = false;

  constructor(options: PersonaOptions) {
    this.#options = options;
    this.#silences = options.spec.silences;
  }

  /** What this caller does next. */
  next(view: TurnView): Move {
    const { spec, phrases, random } = this.#options;
    if (spec.hangsUpAfter !== undefined && this.#said >= spec.hangsUpAfter) return { kind: 'hangUp' };
    const { slot } = view;
    if (slot === undefined) return this.#open(view);
    if (this.#silences > 0) {
      this.#silences -= 1;
      return { kind: 'silence' };
    }
    if (!this.#digressed && random() < spec.digresses) {
      this.#digressed = true;
      return this.#say(this.#pick(phrases.digression));
    }
    const times = (this.#asked.get(slot) ?? 0) + 1;
    this.#asked.set(slot, times);
    if (times > MOST_ASKED + spec.silences) return { kind: 'stuck', why: `was asked for ${slot} ${times} times` };
    return this.#answer(slot, view);
  }

  #open(view: TurnView): Move {
    const { goal, spec, phrases } = this.#options;
    this.#opened += 1;
    if (this.#opened > 3) {
      const last = view.texts.at(-1) ?? '';
      return { kind: 'stuck', why: `said three times what they want, and hears "${last}"` };
    }
    const opens = goal.opens[spec.mixes ? 'mixed' : spec.language] ?? [];
    const wish = this.#fill(this.#pickOpening(opens));
    const mood = spec.mood === 'angry' ? phrases.angry : spec.mood === 'unsure' ? phrases.unsure : undefined;
    // Second and third time people say only what they want.
    const before = this.#opened > 1 ? [] : [mood, spec.verbosity === 'chatty' ? phrases.filler : undefined];
    return this.#say([...before.flatMap((each) => (each ? [this.#pick(each)] : [])), wish].join(this.#joint()));
  }

  #answer(slot: string, view: TurnView): Move {
    const { spec, goal, phrases } = this.#options;
    const given = goal.answers[slot];
    const wordings = Array.isArray(given) ? given : given?.[spec.language];
    const wording = wordings && this.#pick(wordings);
    if (wording === 'yes' || wording === 'no') return this.#say(this.#pick(phrases[wording]));
    if (wording === 'bye' || (wording === undefined && slot === 'more_help')) return this.#say(this.#pick(phrases.bye));
    if (wording === undefined)
      return { kind: 'stuck', why: `is asked for ${slot}, which has nothing to do with what they want` };
    if (view.confirms) return this.#confirm(slot, wording, view);
    if (spec.corrects.includes(slot) && !this.#corrected.has(slot)) {
      this.#corrected.add(slot);
      this.#wrong.add(slot);
      return this.#say(this.#fill(wording, wrongDigits));
    }
    // The wrong answer was taken without a read-back and led to this question again.
    this.#wrong.delete(slot);
    return this.#say(this.#dressed(this.#fill(wording)));
  }

  /** A read-back: right, or not what was meant. */
  #confirm(slot: string, wording: string, view: TurnView): Move {
    const { phrases, spec } = this.#options;
    const meant = digitsIn(this.#plain(wording));
    const heard = digitsIn(view.texts.join(' '));
    const differs = meant.length >= 4 && heard.length >= 4 && !meant.endsWith(heard) && !heard.endsWith(meant);
    const said = this.#wrong.delete(slot);
    if (!differs && !said) return this.#say(this.#pick(phrases.yes));
    const value = this.#fill(wording);
    return this.#say(this.#pick(phrases.correct).replaceAll('{value}', value), spec.mood === 'angry');
  }

  #say(text: string, plain = false): Move {
    this.#said += 1;
    return { kind: 'say', text: plain ? text : this.#blurred(text) };
  }

  #dressed(text: string): string {
    const { spec, phrases, random } = this.#options;
    return spec.verbosity === 'chatty' && random() < 0.5
      ? `${this.#pick(phrases.filler)}${this.#joint()}${text}`
      : text;
  }

  /** What a bad line leaves of something typed; numbers are kept, they would be another wish. */
  #blurred(text: string): string {
    const { spec, spoken, random } = this.#options;
    if (spoken || spec.noiseDb === undefined || /[\d零幺一二三四五六七八九]{3}/u.test(text)) return text;
    const loss = LOSS_AT_0_DB * Math.max(0, 1 - spec.noiseDb / 30);
    const letters = Array.from(text);
    if (letters.length < 5 || random() >= loss) return text;
    letters.splice(1 + Math.floor(random() * (letters.length - 2)), 1);
    return letters.join('');
  }

  #plain(wording: string): string {
    return wording.replace(/\{(\w+)\}/g, (_all, fact: string) => this.#options.spec.facts[fact] ?? '');
  }

  #fill(wording: string, change: (digits: string) => string = (digits) => digits): string {
    const { spec, spoken, random } = this.#options;
    return wording.replace(/\{(\w+)\}/g, (_all, fact: string) => {
      const value = spec.facts[fact] ?? '';
      if (!/^\d{4,}$/.test(value)) return value;
      return spoken || random() < 0.5 ? spokenDigits(change(value), spec.language, random) : change(value);
    });
  }

  #pickOpening(opens: readonly string[]): string {
    const { verbosity } = this.#options.spec;
    const sorted = [...opens].sort((left, right) => left.length - right.length);
    if (verbosity === 'terse') return this.#pick(sorted.slice(0, Math.ceil(sorted.length / 2)));
    return this.#pick(opens);
  }

  #pick(list: readonly string[]): string {
    return list[Math.floor(this.#options.random() * list.length)] ?? '';
  }

  #joint(): string {
    return this.#options.spec.language.startsWith('zh') ? '，' : ', ';
  }
}

/** The last digit is another one. */
function wrongDigits(digits: string): string {
  return `${digits.slice(0, -1)}${(Number(digits.at(-1)) + 1) % 10}`;
}
