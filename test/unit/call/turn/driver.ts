import { reduce } from '../../../../src/call/turn/reduce.js';
import {
  initialTurnState,
  nextDeadlineMs,
  type TurnEffect,
  type TurnEvent,
  type TurnState,
} from '../../../../src/call/turn/state.js';
import { configSchema } from '../../../../src/config.js';
import type { Expectation } from '../../../../src/dialogue/brain.js';

type Untimed<T> = T extends TurnEvent ? Omit<T, 'atMs'> : never;

export const turnConfig = configSchema.parse({}).turn;

/** Plays a conversation to the reducer: `at(ms, event)` lets the deadlines before it come due first, as the live call does. */
export class Driver {
  state: TurnState = initialTurnState;
  readonly effects: (TurnEffect & { atMs: number })[] = [];
  readonly events: TurnEvent[] = [];

  at(atMs: number, event: Untimed<TurnEvent>): this {
    this.until(atMs);
    this.#step({ ...event, atMs } as TurnEvent);
    return this;
  }

  /** Time passes; deadlines come due at their own time. */
  until(atMs: number): this {
    for (let due = nextDeadlineMs(this.state); due !== undefined && due <= atMs; due = nextDeadlineMs(this.state)) {
      this.#step({ type: 'time', atMs: due });
    }
    return this;
  }

  /** The call has begun, the greeting was heard at 1000 ms, and it is the caller's turn. */
  listening(expectation: Expectation = { type: 'open' }): this {
    this.at(0, { type: 'started' });
    this.at(10, { type: 'reply', turnId: 1, bargeIn: true, next: 'listen', expectation, noMatch: false });
    return this.at(1000, { type: 'promptFinished', promptId: 1 });
  }

  /** The call has begun and the greeting is being played since 10 ms. */
  speaking(bargeIn = true): this {
    this.at(0, { type: 'started' });
    return this.at(10, {
      type: 'reply',
      turnId: 1,
      bargeIn,
      next: 'listen',
      expectation: { type: 'open' },
      noMatch: false,
    });
  }

  /** Times at which an effect of this type happened. */
  timesOf(type: TurnEffect['type']): number[] {
    return this.effects.filter((effect) => effect.type === type).map((effect) => effect.atMs);
  }

  /** What was given to the brain, without the greeting. */
  get inputs(): unknown[] {
    return this.effects.flatMap((effect) => (effect.type === 'turn' ? [effect.input] : [])).slice(1);
  }

  decisions(name: string): number[] {
    return this.effects.flatMap((effect) => (effect.type === 'decision' && effect.name === name ? [effect.atMs] : []));
  }

  #step(event: TurnEvent): void {
    this.events.push(event);
    const [state, effects] = reduce(this.state, event, turnConfig);
    this.state = state;
    this.effects.push(...effects.map((effect) => ({ ...effect, atMs: event.atMs })));
  }
}
