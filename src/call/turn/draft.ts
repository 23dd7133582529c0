import type { UserInput } from '../../dialogue/brain.js';
import type { DeadlineName, TurnEffect, TurnState, Utterance } from './state.js';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** How long the recogniser may take for its last word: four times what a loaded machine needed (measured 250 ms). */
export const FINAL_LIMIT_MS = 1000;

/** One step's working copy: handlers change it, the reducer hands out what came of it. The state it was made from stays untouched. */
export class Draft {
  readonly state: Mutable<TurnState>;
  readonly effects: TurnEffect[] = [];
  readonly nowMs: number;
  readonly #deadlines: Partial<Record<DeadlineName, number>>;

  constructor(state: TurnState, nowMs: number) {
    this.#deadlines = { ...state.deadlines };
    this.state = { ...state, deadlines: this.#deadlines };
    this.nowMs = nowMs;
  }

  effect(effect: TurnEffect): void {
    this.effects.push(effect);
  }

  decide(name: string, detail?: Readonly<Record<string, unknown>>): void {
    this.effects.push(detail === undefined ? { type: 'decision', name } : { type: 'decision', name, detail });
  }

  setDeadline(name: DeadlineName, atMs: number): void {
    this.#deadlines[name] = atMs;
  }

  clearDeadlines(...names: DeadlineName[]): void {
    for (const name of names) delete this.#deadlines[name];
  }

  clearAllDeadlines(): void {
    for (const name of Object.keys(this.#deadlines) as DeadlineName[]) delete this.#deadlines[name];
  }

  updateUtterance(change: Partial<Utterance>): void {
    if (this.state.utterance) this.state.utterance = { ...this.state.utterance, ...change };
  }

  /** Forgets what was heard; the recogniser is told to forget it too. */
  discardUtterance(): void {
    this.clearDeadlines('endSilence', 'longestUtterance', 'noText', 'final', 'bargeInVoice', 'bargeInDecision');
    if (this.state.utterance) {
      this.state.flushId += 1;
      this.effect({ type: 'flush', flushId: this.state.flushId, purpose: 'discard' });
      this.state.utterance = undefined;
    }
  }

  /** Hands the turn to the brain. */
  beginTurn(input: UserInput, limitMs: number): void {
    this.state.turnId += 1;
    this.state.phase = 'thinking';
    this.state.prompt = undefined;
    this.state.utterance = undefined;
    // Keys that are being typed ahead of the next question go on.
    const moreKeysMs = this.state.keys === '' ? undefined : this.#deadlines.interDigit;
    this.clearAllDeadlines();
    if (moreKeysMs !== undefined) this.setDeadline('interDigit', moreKeysMs);
    this.setDeadline('thinking', this.nowMs + limitMs);
    this.effect({ type: 'turn', turnId: this.state.turnId, input });
  }
}

export function emptyUtterance(startedAtMs: number): Utterance {
  return {
    startedAtMs,
    text: '',
    changedAtMs: startedAtMs,
    settled: false,
    assessedText: '',
    complete: false,
    openNumber: false,
    dangling: false,
    partingText: '',
  };
}
