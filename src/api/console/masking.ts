import { maskNumber } from '../../call/manager.js';
import { maskEvent, maskText, PERSONAL_KINDS } from '../../store/log/mask.js';
import type { Context, Line, LiveCall, LiveEvent, PhoneCall, QueueItem, Turn } from './contract.js';

/** What people see of a call that is not theirs: personal data hidden, words and values as far as they hold any. */

const KINDS = new Set(PERSONAL_KINDS);

export function maskWords(text: string): string {
  return maskText(text, KINDS);
}

export function maskCaller(caller: string): string {
  return caller === '' ? '' : maskNumber(caller);
}

export function maskValues<T extends Readonly<Record<string, unknown>>>(values: T): T {
  return maskEvent({ conversationId: '', atMs: 0, type: '', data: values }, PERSONAL_KINDS).data as T;
}

export function maskLine(line: Line): Line {
  return { ...line, text: maskWords(line.text) };
}

export function maskTurn(turn: Turn): Turn {
  return {
    ...turn,
    input: maskWords(turn.input),
    reply: turn.reply === null ? null : maskWords(turn.reply),
    entities: turn.entities.map((each) => ({
      ...each,
      text: maskWords(each.text),
      value: maskValues({ value: each.value }).value,
    })),
    slots: maskValues(turn.slots),
  };
}

export function maskCall(call: LiveCall): LiveCall {
  return {
    ...call,
    caller: maskCaller(call.caller),
    slots: maskValues(call.slots),
    lines: call.lines.map(maskLine),
    turns: call.turns.map(maskTurn),
  };
}

export function maskContext(context: Context): Context {
  return {
    ...context,
    summary: maskWords(context.summary),
    slots: maskValues(context.slots),
    lines: context.lines.map(maskLine),
  };
}

export function maskQueue(queue: readonly QueueItem[]): QueueItem[] {
  return queue.map((item) => ({ ...item, caller: maskCaller(item.caller), summary: maskWords(item.summary) }));
}

export function maskPhoneCalls(calls: readonly PhoneCall[]): PhoneCall[] {
  return calls.map((call) => ({ ...call, caller: maskCaller(call.caller), summary: maskWords(call.summary) }));
}

/** An event as somebody sees it who may not see personal data. What is for one user alone is not changed: it is theirs. */
export function maskLive(event: LiveEvent): LiveEvent {
  switch (event.type) {
    case 'callStarted':
      return { ...event, call: maskCall(event.call) };
    case 'callChanged': {
      const { caller, slots } = event.changes;
      return {
        ...event,
        changes: {
          ...event.changes,
          ...(caller === undefined ? {} : { caller: maskCaller(caller) }),
          ...(slots === undefined ? {} : { slots: maskValues(slots) }),
        },
      };
    }
    case 'line':
      return { ...event, line: maskLine(event.line) };
    case 'turn':
      return { ...event, turn: maskTurn(event.turn) };
    case 'queue':
      return { ...event, queue: maskQueue(event.queue) };
    case 'phoneCalls':
      return { ...event, phoneCalls: maskPhoneCalls(event.phoneCalls) };
    default:
      return event;
  }
}
