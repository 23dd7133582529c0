import { HearkenError } from '../../errors.js';

/** Nested deeper than any platform's messages; a parser that recurses must not be led further. */
const DEEPEST = 8;

/** Longest control message. Asterisk's MEDIA_START with all channel variables is the largest seen, a few kB. */
export const MAX_CONTROL_CHARS = 32_768;

/** Reads one JSON object of a platform. Throws PROTOCOL_MESSAGE when it is too long, too deep, no JSON or no object. */
export function parseObject(text: string): Readonly<Record<string, unknown>> {
  if (text.length > MAX_CONTROL_CHARS) {
    throw new HearkenError('PROTOCOL_MESSAGE', `A control message had ${text.length} characters.`, {
      hint: `At most ${MAX_CONTROL_CHARS} are read.`,
    });
  }
  if (depthOf(text) > DEEPEST) {
    throw new HearkenError('PROTOCOL_MESSAGE', `A control message was nested deeper than ${DEEPEST} levels.`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HearkenError('PROTOCOL_MESSAGE', 'A control message was not JSON.', {
      hint: 'Audio goes into binary frames, control messages are JSON objects.',
    });
  }
  if (!isObject(value)) throw new HearkenError('PROTOCOL_MESSAGE', 'A control message was no JSON object.');
  return value;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object inside a message; empty when there is none. */
export function objectAt(message: Readonly<Record<string, unknown>>, key: string): Readonly<Record<string, unknown>> {
  const value = message[key];
  return isObject(value) ? value : {};
}

/** A string or number inside a message, as a string without control characters; undefined when there is none. */
export function textAt(message: Readonly<Record<string, unknown>>, key: string, maxChars = 256): string | undefined {
  const value = message[key];
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' ? tidy(value, maxChars) : undefined;
}

export function tidy(value: string, maxChars: number): string {
  return value.slice(0, maxChars).replace(/\p{Cc}/gu, ' ');
}

/** Deepest nesting of brackets outside strings, without parsing. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (inString) {
      if (char === '\\') index++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') deepest = Math.max(deepest, ++depth);
    else if (char === '}' || char === ']') depth--;
  }
  return deepest;
}
