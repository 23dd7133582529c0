import type { BotAction } from '../dialogue/brain.js';
import type { MediaSession } from '../media/session.js';
import type { CallRecord } from './record.js';

/** What a reply says about recording, to our own record and to a bridge that records. */
export function obeyRecordingOrders(
  actions: readonly BotAction[],
  { session, record }: { readonly session: MediaSession; readonly record: CallRecord },
): void {
  for (const action of actions) {
    if (action.type !== 'recording') continue;
    record.sound(action.action);
    session.notify({ type: 'recording', action: action.action });
  }
}
