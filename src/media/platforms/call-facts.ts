import type { CallRoute } from '../session.js';
import { isObject, tidy } from './bounded-json.js';
import type { CallFacts } from './wire.js';

const MOST_FIELDS = 50;
const FIELD_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
/** What a platform's side may say about who calls whom, in the words of the platforms. */
const CALLER = ['caller', 'from', 'caller_id_number', 'Caller-Caller-ID-Number'];
const CALLEE = ['callee', 'to', 'destination_number', 'Caller-Destination-Number'];
const LANGUAGE = /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,3}$/;
/** Never passed on: they would end up in call records. */
const SECRET = /token|secret|password|authorization|signature/i;

/**
 * Who calls whom, from the fields that came with a call (query, custom parameters, channel variables; the first that has a name wins), what of them is for the call's
 * route (`language`, `application`, `greeting`, `trunk`), and the rest as headers. All of it is hostile: names are held to a pattern, values and their number are bounded.
 */
export function callFacts(
  callId: string | undefined,
  direction: string | undefined,
  ...sources: readonly (Readonly<Record<string, unknown>> | URLSearchParams)[]
): CallFacts {
  const fields = new Map<string, string>();
  for (const source of sources) {
    for (const [name, value] of entriesOf(source)) {
      if (fields.size >= MOST_FIELDS) break;
      if (!FIELD_NAME.test(name) || SECRET.test(name) || fields.has(name)) continue;
      fields.set(name, tidy(value, 512));
    }
  }
  const route = routeOf(fields);
  const next = take(fields, ['next']);
  if (next !== undefined) fields.set('next', next);
  return {
    callId: tidy(callId ?? '', 256) || `call-${Date.now().toString(36)}`,
    direction: direction === 'outbound' ? 'outbound' : 'inbound',
    caller: take(fields, CALLER) ?? 'anonymous',
    callee: take(fields, CALLEE) ?? 'unknown',
    headers: Object.fromEntries(fields),
    ...(route === undefined ? {} : { route }),
  };
}

function* entriesOf(source: Readonly<Record<string, unknown>> | URLSearchParams): Generator<[string, string]> {
  if (source instanceof URLSearchParams) {
    yield* source.entries();
    return;
  }
  if (!isObject(source)) return;
  for (const [name, value] of Object.entries(source)) {
    if (typeof value === 'string') yield [name, value];
    else if (typeof value === 'number' || typeof value === 'boolean') yield [name, String(value)];
  }
}

function take(fields: Map<string, string>, names: readonly string[]): string | undefined {
  let found: string | undefined;
  for (const name of names) {
    const value = fields.get(name)?.trim();
    if (value === undefined) continue;
    fields.delete(name);
    if (value !== '') found ??= value.slice(0, 256);
  }
  return found;
}

function routeOf(fields: Map<string, string>): CallRoute | undefined {
  const language = take(fields, ['language']);
  const application = take(fields, ['application']);
  const greeting = take(fields, ['greeting']);
  const trunk = take(fields, ['trunk']);
  const route: CallRoute = {
    ...(language !== undefined && LANGUAGE.test(language) ? { language } : {}),
    ...(application === undefined ? {} : { application }),
    ...(greeting === undefined ? {} : { greeting }),
    ...(trunk === undefined ? {} : { trunk }),
  };
  return Object.keys(route).length === 0 ? undefined : route;
}
