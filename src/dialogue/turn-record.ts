import type { ParseResult } from '../nlu/intent-model.js';
import type { ConversationLog } from '../store/conversation-log.js';
import type { BotAction, UserMessage } from './brain.js';
import type { StoredAction, StoredParse, StoredReply, Tracker } from './tracker/tracker.js';
import type { TurnOutcome } from './turn/turn.js';

/** What is kept of a turn: the reply for a message id that comes again, and the conversation's log. */

/** What is answered when the same message id comes again. */
export function replyOf(message: UserMessage, parse: ParseResult | undefined, outcome: TurnOutcome): StoredReply {
  return {
    messageId: message.messageId,
    actions: outcome.actions.map(compact),
    noMatch: outcome.noMatch,
    ...(parse === undefined || message.input.type !== 'text' ? {} : { parse: shortened(parse) }),
  };
}

function compact(action: BotAction): StoredAction {
  if (action.type !== 'say' || action.speech !== action.text) return action;
  const { speech: _, ...say } = action;
  return say;
}

/** The actions as they were given out. */
export function actionsOf(reply: StoredReply): readonly BotAction[] {
  return reply.actions.map((action) =>
    action.type === 'say' ? { ...action, speech: action.speech ?? action.text } : action,
  );
}

/** The understanding, with what little is known of its ranking. */
export function parseOf({ parse }: StoredReply): ParseResult | undefined {
  return parse === undefined ? undefined : { ...parse, ranking: parse.ranking?.slice(0, 1) ?? [parse.intent] };
}

/** What is kept of an understanding for a repeated message id: what was understood, not what else it might have been. */
function shortened(parse: ParseResult): StoredParse {
  return {
    text: parse.text.slice(0, 500),
    intent: parse.intent,
    entities: parse.entities.slice(0, 10),
    sentiment: parse.sentiment,
    model: parse.model,
  };
}

/** A turn, and the end of the call where it ended, into the log. */
export function recordTurn(
  log: ConversationLog,
  message: UserMessage,
  tracker: Tracker,
  reply: StoredReply,
  nowMs: number,
): void {
  const { input } = message;
  log.append({
    conversationId: tracker.conversationId,
    atMs: nowMs,
    type: 'turn',
    data: {
      messageId: message.messageId,
      channel: message.channel,
      turn: tracker.state.turn,
      input,
      replies: reply.actions.filter((action) => action.type === 'say').map((action) => action.text),
      noMatch: reply.noMatch,
      ...(reply.parse === undefined
        ? {}
        : {
            intent: reply.parse.intent.name,
            confidence: reply.parse.intent.confidence,
            model: reply.parse.model,
          }),
    },
  });
  const ending = reply.actions.find((action) => action.type === 'transfer' || action.type === 'hangup');
  if (ending !== undefined) {
    const { type, ...data } = ending;
    log.append({
      conversationId: tracker.conversationId,
      atMs: nowMs,
      type: type === 'transfer' ? 'transfer' : 'ended',
      data,
    });
  }
}
