import { HearkenError } from '../../errors.js';
import { emptyMemory } from './memory.js';
import { emptyState, TRACKER_SCHEMA, type Tracker } from './tracker.js';

const STATE_MEMBERS = Object.keys(emptyState());

/** It lacks nothing that a conversation begins with. */
function isWhole(state: object): boolean {
  return STATE_MEMBERS.every((name) => name in state);
}

/**
 * A stored value as a tracker. What an older Hearken wrote loads, with defaults for what it did not know; what a newer one wrote is refused with
 * SESSION_SCHEMA; what is no tracker at all too.
 */
export function readTracker(
  stored: unknown,
  conversationId: string,
  initialSlots: Readonly<Record<string, unknown>>,
): Tracker {
  const value = stored as Partial<Tracker> | null;
  const schema = value?.schema;
  if (typeof schema !== 'number' || typeof value?.state !== 'object' || value.state === null) {
    throw new HearkenError('SESSION_SCHEMA', `What is stored for conversation ${conversationId} is no conversation.`, {
      hint: 'Delete it, or start a new conversation.',
    });
  }
  if (schema > TRACKER_SCHEMA) {
    throw new HearkenError(
      'SESSION_SCHEMA',
      `Conversation ${conversationId} was stored by a newer Hearken (schema ${schema}).`,
      {
        hint: `This one reads up to schema ${TRACKER_SCHEMA}: update it, or start a new conversation.`,
      },
    );
  }
  const slots = withInitial(value.state.slots, initialSlots);
  return {
    schema: TRACKER_SCHEMA,
    conversationId,
    createdMs: value.createdMs ?? 0,
    updatedMs: value.updatedMs ?? value.createdMs ?? 0,
    state: { ...(isWhole(value.state) ? value.state : { ...emptyState(), ...value.state }), slots },
    events: value.events ?? [],
    replies: value.replies ?? [],
    memory: { ...emptyMemory, ...value.memory },
  };
}

/** What a slot begins with that the application did not have when the conversation was stored. */
function withInitial(
  slots: Readonly<Record<string, unknown>> | undefined,
  initialSlots: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  if (slots !== undefined && Object.keys(initialSlots).every((name) => name in slots)) return slots;
  return { ...initialSlots, ...slots };
}
