import type { UserInput } from '../../dialogue/brain.js';
import type { ChatResponse } from '../schemas.js';

/** A message of WeChat, as far as it means something to a conversation. */
export interface WeChatMessage {
  readonly openId: string;
  /** The official account's own id. */
  readonly accountId: string;
  /** The same for each repetition: MsgId, or sender and time for events, which have none. */
  readonly messageId: string;
  /** Undefined: nothing to answer (somebody left, a location was reported). */
  readonly input: UserInput | undefined;
}

/** WeChat's recogniser gives no confidence; words it sends are good, but no more certain than our own. */
const VOICE_CONFIDENCE = 0.8;
const MAX_TEXT_CHARS = 2000;
/** Longest text of a message: 2,048 bytes. */
const MAX_TEXT_BYTES = 2048;

/** What the elements of a message mean. Undefined when it is no message of a person. */
export function readMessage(fields: ReadonlyMap<string, string>): WeChatMessage | undefined {
  const openId = fields.get('FromUserName') ?? '';
  const accountId = fields.get('ToUserName') ?? '';
  const type = fields.get('MsgType') ?? '';
  if (!ID.test(openId) || !ID.test(accountId) || type === '') return undefined;
  const own = fields.get('MsgId') ?? '';
  const messageId = ID.test(own) ? own : `${type}-${fields.get('Event') ?? ''}-${fields.get('CreateTime') ?? ''}`;
  return {
    openId,
    accountId,
    messageId: messageId.replace(/[^\x21-\x7e]/g, '').slice(0, 120) || 'none',
    input: inputOf(type, fields),
  };
}

const ID = /^[\w-]{1,64}$/;

function inputOf(type: string, fields: ReadonlyMap<string, string>): UserInput | undefined {
  const said = (text: string, confidence: number): UserInput =>
    text.trim() === '' ? notUnderstood : { type: 'text', text: text.trim().slice(0, MAX_TEXT_CHARS), confidence };
  switch (type) {
    case 'text':
      return said(fields.get('Content') ?? '', 1);
    case 'voice':
      return said(fields.get('Recognition') ?? '', VOICE_CONFIDENCE);
    case 'event':
      return eventInput((fields.get('Event') ?? '').toLowerCase(), fields.get('EventKey') ?? '');
    default:
      // A picture, a place, a link: told that we did not get it.
      return notUnderstood;
  }
}

const notUnderstood: UserInput = { type: 'event', name: 'no_match', attempt: 1 };

function eventInput(event: string, key: string): UserInput | undefined {
  if (event === 'subscribe' || event === 'scan') return { type: 'event', name: 'start', attempt: 1 };
  if (event === 'click' && key !== '') return { type: 'text', text: key.slice(0, MAX_TEXT_CHARS), confidence: 1 };
  return undefined;
}

/** The replies as messages of at most 2,048 bytes, cut between lines, else between sentences, never inside a character. */
export function textsOf(reply: ChatResponse): readonly string[] {
  // Counted through, as the conversation does: a number means one of all the choices above it.
  let choices = 0;
  const whole = reply.replies
    .map(({ text, buttons = [] }) => [text, ...buttons.map(({ title }) => `${++choices}. ${title}`)].join('\n'))
    .join('\n')
    .trim();
  if (whole === '') return [];
  const pieces = whole.split(/(?<=[\n。！？!?])/u).flatMap(pieceOf);
  const texts: string[] = [];
  for (const piece of pieces) {
    const open = texts.at(-1);
    if (open !== undefined && Buffer.byteLength(open + piece) <= MAX_TEXT_BYTES) texts[texts.length - 1] = open + piece;
    else texts.push(piece);
  }
  return texts.map((text) => text.trim()).filter((text) => text !== '');
}

function pieceOf(text: string): string[] {
  if (Buffer.byteLength(text) <= MAX_TEXT_BYTES) return [text];
  // 500 code points are at most 2,000 bytes.
  const points = [...text];
  return Array.from({ length: Math.ceil(points.length / 500) }, (_, index) =>
    points.slice(index * 500, index * 500 + 500).join(''),
  );
}
