import { api, isAbort, signedOut } from '../api/client.js';
import type { Me } from '../api/contract.js';
import { type LinkState, LiveLink } from '../api/live-link.js';
import { clockAhead } from './clock-ahead.js';
import { LiveModel } from './live-model.js';
import { Unread } from './unread.js';
import { Value } from './value.js';

/** Who is signed in: undefined while that is being asked, null when nobody is. */
export const me = new Value<Me | null | undefined>(undefined);
/** What the service says to somebody who has yet to make a first user. */
export const signInHint = new Value<string | undefined>(undefined);
/** The service did not answer when it was asked who is signed in. */
export const unreachable = new Value(false);
/** The session ended by itself while the page was open. */
export const sessionOver = new Value(false);

export const linkState = new Value<LinkState>('connecting');
/** Counts changes of `live`; at most one a frame. */
export const liveTick = new Value(0);
export let live = new LiveModel();
export const unread = new Unread(() => document.visibilityState === 'visible');
/** Epoch ms by the service's clock: how long something takes is told right on a machine whose own is wrong. */
export function nowMs(): number {
  return Date.now() + aheadMs;
}

export type LiveListener = (event: import('../api/contract.js').LiveEvent) => void;
const listeners = new Set<LiveListener>();

let link: AbortController | undefined;
let aheadMs = 0;
let asked = false;

/** Told of each event after the model has taken it in. */
export function onLiveEvent(listener: LiveListener, signal: AbortSignal): void {
  listeners.add(listener);
  signal.addEventListener('abort', () => listeners.delete(listener), { once: true });
}

/** To be called after the model was changed by an answer. */
export function liveChanged(): void {
  if (asked) return;
  asked = true;
  // A page in the background gets no frames, and still has to ring.
  const draw = (): void => {
    asked = false;
    liveTick.set(liveTick.value + 1);
  };
  if (document.visibilityState === 'visible') requestAnimationFrame(draw);
  else setTimeout(draw, 100);
}

/** Asks the service who is signed in here. */
export async function findOut(): Promise<void> {
  try {
    const found = await api.me();
    unreachable.set(false);
    begin(found);
  } catch (error) {
    if (isAbort(error)) return;
    const { status, hint } = error as { status?: number; hint?: string };
    unreachable.set(status !== 401);
    if (status !== 401) return;
    signInHint.set(hint);
    me.set(null);
  }
}

export function begin(found: Me): void {
  end();
  live = new LiveModel();
  link = new AbortController();
  const { signal } = link;
  const connection = new LiveLink({
    signal,
    onEvent: (event) => {
      if (event.type === 'snapshot') aheadMs = clockAhead(event.atMs, Date.now());
      live.apply(event);
      for (const listener of [...listeners]) listener(event);
      liveChanged();
      if (event.type === 'signedOut') signedOut.set(signedOut.value + 1);
    },
    // Whoever may have visitors in hand is missed when nothing comes any more; the next one comes anyway.
    ...(found.can.desk || found.can.superviseDesk ? { onHeard: () => void api.alive().catch(() => undefined) } : {}),
  });
  linkState.set('connecting');
  connection.state.listen((state) => linkState.set(state), signal);
  sessionOver.set(false);
  me.set(found);
}

function end(): void {
  link?.abort();
  link = undefined;
}

export async function leave(): Promise<void> {
  await api.signOut().catch(() => undefined);
  end();
  me.set(null);
}

signedOut.listen(() => {
  if (me.value === null) return;
  end();
  sessionOver.set(me.value !== undefined);
  me.set(null);
}, new AbortController().signal);
