import { type Clock, systemClock } from '../../clock.js';

/** While an action takes its time the caller hears that something is being done: silence on a phone is a dead line. */

export interface Patience {
  /** Wait before the first word. Default 1,000: with synthesis it is heard within 1.5 s. */
  readonly afterMs?: number;
  /** Default `utter_please_wait`. */
  readonly response?: string;
  readonly say: (response: string) => void;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** Answers that come sooner than this need no word before them. */
const SAY_AFTER_MS = 1000;
/** Between one "still at it" and the next: hold announcements closer together than this annoy. */
const SAY_AGAIN_MS = 8000;

/** The result of `work`; meanwhile says what there is to say. */
export async function withPatience<R>(work: Promise<R>, patience: Patience): Promise<R> {
  const clock = patience.clock ?? systemClock;
  const say = (): void => {
    cancel = clock.after(SAY_AGAIN_MS, say);
    patience.say(patience.response ?? 'utter_please_wait');
  };
  let cancel = clock.after(patience.afterMs ?? SAY_AFTER_MS, say);
  try {
    return await work;
  } finally {
    cancel();
  }
}
