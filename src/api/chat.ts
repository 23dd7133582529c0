import { randomUUID } from 'node:crypto';
import type { Brain, TurnResult, UserInput } from '../dialogue/brain.js';
import type { ChatResponse } from './schemas.js';

export interface TextMessage {
  readonly conversationId?: string | undefined;
  readonly messageId?: string | undefined;
  readonly language?: string | undefined;
  readonly sender?: string | undefined;
  /** Client's address, for limits. */
  readonly source?: string | undefined;
  readonly input: UserInput;
}

/** One typed message through the brain: all text channels go this way. */
export async function chatTurn(brain: Brain, message: TextMessage): Promise<ChatResponse> {
  const result = await brain.handle({
    conversationId: message.conversationId ?? randomUUID(),
    messageId: message.messageId ?? randomUUID(),
    channel: 'text',
    input: message.input,
    ...(message.language === undefined ? {} : { language: message.language }),
    ...(message.sender === undefined ? {} : { sender: message.sender }),
    ...(message.source === undefined ? {} : { source: message.source }),
  });
  return toChatResponse(result);
}

function toChatResponse(result: TurnResult): ChatResponse {
  const replies: ChatResponse['replies'] = [];
  let transfer: ChatResponse['transfer'];
  let ended = false;
  for (const action of result.actions) {
    if (action.type === 'say')
      replies.push({
        text: action.text,
        ...(action.response === undefined ? {} : { response: action.response }),
        ...(action.buttons === undefined ? {} : { buttons: action.buttons.map((button) => ({ ...button })) }),
      });
    else if (action.type === 'transfer') {
      const { type: _, slots, ...rest } = action;
      transfer = { ...rest, slots: { ...slots } };
    } else if (action.type === 'hangup') ended = true;
  }
  return {
    conversationId: result.conversationId,
    messageId: result.messageId,
    language: result.language,
    replies,
    intent: result.parse?.intent.name ?? null,
    confidence: result.parse?.intent.confidence ?? null,
    slots: { ...result.slots },
    noMatch: result.noMatch,
    repeated: result.repeated,
    ended,
    ...(transfer === undefined ? {} : { transfer }),
    ...(result.person === undefined ? {} : { person: result.person }),
  };
}
