import { HearkenError } from '../../../errors.js';
import type { ActionRequest } from '../runner.js';

/** `{name}` in what a ready action sends. */

export interface TemplateScope {
  readonly request: ActionRequest;
  /** From the environment; see `app.environment` of the configuration. */
  readonly secrets: Readonly<Record<string, string>>;
}

const PLACEHOLDER = /\{([\p{L}_][\p{L}\p{N}_.-]*)\}/gu;
const WHOLE = /^\{([\p{L}_][\p{L}\p{N}_.-]*)\}$/u;

/** The value a placeholder stands for; null when it is unknown. Throws ACTION_FAILED for a secret or endpoint that is not there. */
export function lookUp(name: string, { request, secrets }: TemplateScope): unknown {
  const dot = name.indexOf('.');
  const [space, key] = dot === -1 ? ['slots', name] : [name.slice(0, dot), name.slice(dot + 1)];
  switch (space) {
    case 'secret': {
      const secret = Object.hasOwn(secrets, key) ? secrets[key] : undefined;
      if (secret === undefined || secret === '')
        throw new HearkenError('ACTION_FAILED', `The secret ${key} is not set.`, {
          hint: `Set the environment variable ${key}, and list it in app.environment unless its name begins with APP_.`,
        });
      return secret;
    }
    case 'endpoint': {
      const url = request.endpoints[key]?.url;
      if (typeof url !== 'string')
        throw new HearkenError('ACTION_FAILED', `endpoints.yml has no url for "${key}".`, {
          hint: `Add "${key}: {url: https://…}" to endpoints.yml.`,
        });
      return url.replace(/\/+$/, '');
    }
    case 'slots':
      if (Object.hasOwn(request.slots, key)) return request.slots[key] ?? null;
      return builtIn(key, request);
    default:
      return null;
  }
}

function builtIn(name: string, request: ActionRequest): unknown {
  switch (name) {
    case 'conversation_id':
      return request.conversationId;
    case 'turn':
      return request.turn;
    case 'language':
      return request.language;
    case 'channel':
      return request.channel;
    case 'sender':
      return request.sender ?? null;
    case 'text':
      return request.latest.text;
    case 'intent':
      return request.latest.intent;
    case 'now':
      return new Date(request.nowMs).toISOString();
    default:
      return null;
  }
}

/** Names of all placeholders in a JSON value. */
export function placeholdersOf(value: unknown): string[] {
  if (typeof value === 'string') return [...value.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(placeholdersOf);
}

/** A text with its placeholders filled; `encode` is done to each value. */
export function fillText(
  template: string,
  scope: TemplateScope,
  encode: (value: unknown, name: string) => string = plain,
): string {
  return template.replace(PLACEHOLDER, (_, name: string) => encode(lookUp(name, scope), name));
}

/** A JSON value with its placeholders filled; a text that is nothing but one placeholder keeps the value's type. */
export function fillValue(value: unknown, scope: TemplateScope): unknown {
  if (typeof value === 'string') {
    const whole = WHOLE.exec(value)?.[1];
    return whole === undefined ? fillText(value, scope) : lookUp(whole, scope);
  }
  if (Array.isArray(value)) return value.map((item) => fillValue(item, scope));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillValue(item, scope)]));
  return value;
}

function plain(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** The address of a request. What a caller said stays one segment or one parameter: it can't climb folders or reach another host. */
export function fillUrl(template: string, query: Readonly<Record<string, unknown>>, scope: TemplateScope): URL {
  const text = fillText(template, scope, (value, name) => {
    if (name.startsWith('endpoint.')) return String(value);
    const raw = plain(value);
    if (raw === '' || raw === '.' || raw === '..') {
      throw new HearkenError(
        'ACTION_FAILED',
        `The address needs {${name}}, which is ${raw === '' ? 'not known' : `"${raw}"`}.`,
        {
          hint: 'Ask for it before the action runs.',
        },
      );
    }
    return encodeURIComponent(raw.toWellFormed());
  });
  const url = new URL(text);
  for (const [key, value] of Object.entries(query)) {
    const filled = fillValue(value, scope);
    if (filled !== null && filled !== undefined) url.searchParams.append(key, plain(filled));
  }
  return url;
}
