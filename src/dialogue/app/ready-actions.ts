import type { Located } from './types.js';
import { tellUnknownKeys } from './unknown-keys.js';
import { isMapValue, type YamlMap, type YamlReader } from './yaml.js';

/** `ready_actions:` of an application's files: actions that need no code. docs/applications.md is their reference. */

export interface Wait {
  /** Undefined = the engine's own. */
  readonly afterMs?: number;
  readonly response?: string;
}

/** Where a slot's value comes from in the answer of a server. */
export type AnswerValue =
  | { readonly value: unknown }
  | {
      /** `order.items[0].name`; a template, so `item.{language}` works. Empty: the whole answer. */
      readonly path: string;
      readonly otherwise: unknown;
      readonly map: Readonly<Record<string, unknown>> | undefined;
    };

export interface AnswerRule {
  /** `200`, `2xx` or `failed` (no answer, a server's error, an answer no other rule is for). */
  readonly status: string;
  readonly slots: Readonly<Record<string, AnswerValue>>;
  readonly say: readonly string[];
  /** The action that comes next. */
  readonly next: string | undefined;
  readonly handOff: string | undefined;
}

export interface HttpAction extends Located {
  readonly type: 'http';
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly timeoutMs: number;
  readonly retries: number;
  /** It changes nothing there; may be run while the caller is still talking. */
  readonly lookup: boolean;
  readonly answers: readonly AnswerRule[];
  readonly wait: Wait;
}

export interface TicketAction extends Located {
  readonly type: 'ticket';
  readonly name: string;
  readonly subject: string;
  readonly text: string;
  readonly priority: 'low' | 'normal' | 'high';
  /** Slots that go into it; undefined = all that are known. */
  readonly slots: readonly string[] | undefined;
  /** Slot that gets its number. */
  readonly set: string;
  readonly say: readonly string[];
}

export interface CallBackAction extends Located {
  readonly type: 'call_back';
  readonly name: string;
  readonly phone: string;
  readonly at: string;
  readonly subject: string;
  readonly slots: readonly string[] | undefined;
  readonly set: string;
  readonly say: readonly string[];
}

export interface EndAction extends Located {
  readonly type: 'hand_off' | 'hang_up';
  readonly name: string;
  readonly reason: string;
  /** Hand-off only: SIP or tel URI; undefined = the one configured. */
  readonly target: string | undefined;
  readonly say: readonly string[];
}

export type ReadyAction = HttpAction | TicketAction | CallBackAction | EndAction;

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
/** May be sent twice with no more effect than once (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);
/** Meant to change nothing (RFC 9110 §9.2.1). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD']);
const TYPES = ['http', 'ticket', 'call_back', 'hand_off', 'hang_up'];
const KEYS: Readonly<Record<string, readonly string[]>> = {
  http: ['type', 'method', 'url', 'query', 'headers', 'body', 'timeout_ms', 'retries', 'lookup', 'answer', 'wait'],
  ticket: ['type', 'subject', 'text', 'priority', 'slots', 'set', 'say'],
  call_back: ['type', 'phone', 'at', 'subject', 'slots', 'set', 'say'],
  hand_off: ['type', 'reason', 'target', 'say'],
  hang_up: ['type', 'reason', 'say'],
};
const LONGEST_MS = 60_000;

/** The actions of one file. Mistakes are noted at their place. */
export function readReadyActions(reader: YamlReader, root: YamlMap): ReadyAction[] {
  const map = root.ready_actions;
  if (map === undefined || map === null) return [];
  if (!isMapValue(map)) {
    reader.wrong(
      root,
      'ready_actions',
      'it must hold names with their definitions',
      'Write "action_x:" and "type: http" below it.',
    );
    return [];
  }
  return Object.entries(map).flatMap(([name, body]) => {
    const action = readOne(reader, name, body, map);
    return action === undefined ? [] : [action];
  });
}

function readOne(reader: YamlReader, name: string, body: unknown, map: YamlMap): ReadyAction | undefined {
  if (!isMapValue(body) || typeof body.type !== 'string' || !TYPES.includes(body.type)) {
    reader.wrong(
      map,
      name,
      `the ready action "${name}" has no type that is known`,
      `Add "type:" with one of ${TYPES.join(', ')}.`,
    );
    return undefined;
  }
  for (const key of Object.keys(body)) {
    if (KEYS[body.type]?.includes(key)) continue;
    reader.wrong(
      body,
      key,
      `"${key}" is no key of a ready action of type ${body.type}`,
      `Use ${KEYS[body.type]?.join(', ')}.`,
    );
  }
  const place = reader.place(map, name);
  const text = (key: string, otherwise: string): string => (body[key] === undefined ? otherwise : String(body[key]));
  const slots = Array.isArray(body.slots) ? body.slots.map(String) : undefined;
  switch (body.type) {
    case 'http':
      return readHttp(reader, name, body, place);
    case 'ticket': {
      const priority = text('priority', 'normal');
      if (priority !== 'low' && priority !== 'normal' && priority !== 'high') {
        reader.wrong(body, 'priority', `priority is "${priority}"`, 'Use low, normal or high.');
        return undefined;
      }
      return {
        type: 'ticket',
        name,
        subject: text('subject', '{intent}'),
        text: text('text', '{text}'),
        priority,
        slots,
        set: text('set', 'ticket_number'),
        say: names(body.say),
        ...place,
      };
    }
    case 'call_back':
      return {
        type: 'call_back',
        name,
        phone: text('phone', '{sender}'),
        at: text('at', ''),
        subject: text('subject', ''),
        slots,
        set: text('set', 'call_back_number'),
        say: names(body.say),
        ...place,
      };
    default:
      return {
        type: body.type === 'hang_up' ? 'hang_up' : 'hand_off',
        name,
        reason: text('reason', body.type === 'hang_up' ? 'completed' : 'requested'),
        target: typeof body.target === 'string' ? body.target : undefined,
        say: names(body.say),
        ...place,
      };
  }
}

function readHttp(reader: YamlReader, name: string, body: YamlMap, place: Located): HttpAction | undefined {
  const method = String(body.method ?? 'GET').toUpperCase();
  if (!METHODS.has(method)) {
    reader.wrong(body, 'method', `the method is "${method}"`, `Use one of ${[...METHODS].join(', ')}.`);
    return undefined;
  }
  if (typeof body.url !== 'string' || !/^(?:https?:\/\/[^/{}?#@\s]+|\{endpoint\.[\w-]+\})(?:[/?]|$)/.test(body.url)) {
    reader.wrong(
      body,
      'url',
      'the address must begin with a host that no caller can change',
      'Write "https://api.example.com/orders/{order_number}", or "{endpoint.shop}/orders/{order_number}" with shop.url in endpoints.yml.',
    );
    return undefined;
  }
  const timeoutMs = body.timeout_ms ?? 4000;
  if (typeof timeoutMs !== 'number' || timeoutMs < 1 || timeoutMs > LONGEST_MS) {
    reader.wrong(body, 'timeout_ms', `timeout_ms is ${String(timeoutMs)}`, `Write milliseconds, 1 to ${LONGEST_MS}.`);
    return undefined;
  }
  const retries = body.retries ?? (IDEMPOTENT.has(method) ? 2 : 0);
  if (typeof retries !== 'number' || !Number.isInteger(retries) || retries < 0 || retries > 5) {
    reader.wrong(body, 'retries', `retries is ${String(retries)}`, 'Write 0 to 5.');
    return undefined;
  }
  return {
    type: 'http',
    name,
    method,
    url: body.url,
    query: isMapValue(body.query) ? body.query : {},
    headers: Object.fromEntries(
      Object.entries(isMapValue(body.headers) ? body.headers : {}).map(([key, value]) => [
        key.toLowerCase(),
        String(value),
      ]),
    ),
    body: body.body,
    timeoutMs,
    retries,
    lookup: typeof body.lookup === 'boolean' ? body.lookup : SAFE.has(method),
    answers: readAnswers(reader, body),
    wait: readWait(reader, body),
    ...place,
  };
}

function readAnswers(reader: YamlReader, body: YamlMap): AnswerRule[] {
  if (body.answer === undefined) return [];
  if (!isMapValue(body.answer)) {
    reader.wrong(
      body,
      'answer',
      '"answer" must hold a status each',
      'Write "2xx:", "404:" or "failed:" with slots, say, next or hand_off below.',
    );
    return [];
  }
  const answer = body.answer;
  return Object.entries(answer).flatMap(([status, rule]) => {
    if (!/^(?:[1-5]\d\d|[1-5]xx|failed)$/.test(status) || !isMapValue(rule)) {
      reader.wrong(
        answer,
        status,
        `"${status}" is no answer that can come`,
        'Write a status (200, 404), a class (2xx, 4xx) or failed, with slots, say, next or hand_off below.',
      );
      return [];
    }
    tellUnknownKeys(reader, rule, `the answer "${status}"`, ['slots', 'say', 'next', 'hand_off']);
    const slots = isMapValue(rule.slots) ? rule.slots : {};
    return [
      {
        status,
        slots: Object.fromEntries(Object.entries(slots).map(([slot, value]) => [slot, answerValue(value)])),
        say: names(rule.say),
        next: typeof rule.next === 'string' ? rule.next : undefined,
        handOff: typeof rule.hand_off === 'string' ? rule.hand_off : undefined,
      },
    ];
  });
}

function answerValue(value: unknown): AnswerValue {
  if (typeof value === 'string') return { path: value, otherwise: null, map: undefined };
  if (isMapValue(value) && typeof value.path === 'string')
    return { path: value.path, otherwise: value.otherwise ?? null, map: isMapValue(value.map) ? value.map : undefined };
  return { value: isMapValue(value) && 'value' in value ? value.value : value };
}

function readWait(reader: YamlReader, body: YamlMap): Wait {
  const { wait } = body;
  if (wait === undefined || wait === null) return {};
  if (typeof wait === 'string') return { response: wait };
  if (!isMapValue(wait)) {
    reader.wrong(body, 'wait', '"wait" is a response, or holds after_ms and say', 'Write "wait: utter_looking_it_up".');
    return {};
  }
  tellUnknownKeys(reader, wait, '"wait"', ['after_ms', 'say']);
  return {
    ...(typeof wait.after_ms === 'number' && wait.after_ms >= 0 ? { afterMs: wait.after_ms } : {}),
    ...(typeof wait.say === 'string' ? { response: wait.say } : {}),
  };
}

function names(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
