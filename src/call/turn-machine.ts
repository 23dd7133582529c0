import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import type { CallRecord } from './record.js';
import { reduce } from './turn/reduce.js';
import { initialTurnState, nextDeadlineMs, type TurnEffect, type TurnEvent, type TurnState } from './turn/state.js';

export interface TurnMachineOptions {
  readonly config: Config['turn'];
  readonly clock: Clock;
  readonly nowMs: () => number;
  readonly record: CallRecord;
  readonly perform: (effect: TurnEffect) => void;
  /** After the effects of an event. */
  readonly changed: (before: TurnState, after: TurnState) => void;
}

/** Turn-taking at work in a call: events go through the reducer, its effects are done, and what it awaits comes due in time. */
export class TurnMachine {
  readonly #options: TurnMachineOptions;
  #state: TurnState = initialTurnState;
  #cancelDeadline: (() => void) | undefined;
  #stopped = false;

  constructor(options: TurnMachineOptions) {
    this.#options = options;
  }

  get state(): TurnState {
    return this.#state;
  }

  /** The one way in: records the event, lets the reducer decide, does what it says, and sets the timer for what is awaited next. */
  dispatch(event: TurnEvent): void {
    if (this.#stopped) return;
    const { config, record, perform, changed } = this.#options;
    const before = this.#state;
    const { type, atMs, ...data } = event;
    if (type !== 'time') record.event(atMs, type, data);
    const [state, effects] = reduce(before, event, config);
    this.#state = state;
    for (const effect of effects) perform(effect);
    changed(before, state);
    this.#schedule();
  }

  /** Nothing happens any more. */
  stop(): void {
    this.#stopped = true;
    this.#cancelDeadline?.();
  }

  #schedule(): void {
    this.#cancelDeadline?.();
    this.#cancelDeadline = undefined;
    const { clock, nowMs } = this.#options;
    const due = nextDeadlineMs(this.#state);
    if (due === undefined || this.#stopped) return;
    this.#cancelDeadline = clock.after(Math.max(0, due - nowMs()), () => {
      // A timer may fire a hair early; the reducer must find its deadline due.
      this.dispatch({ type: 'time', atMs: Math.max(due, nowMs()) });
    });
  }
}
