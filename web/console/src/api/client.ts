import { Value } from '../core/value.js';
import type {
  Agent,
  CallDetail,
  CallsPage,
  CallsQuery,
  Chat,
  Desk,
  Health,
  Line,
  Me,
  NewTicketRequest,
  Playground,
  PlaygroundList,
  PlaygroundMessageRequest,
  PlaygroundReply,
  PresenceRequest,
  SignInRequest,
  Stats,
  Ticket,
  TicketChangeRequest,
  TicketList,
  TicketsQuery,
  WrapUpRequest,
} from './contract.js';

export const API = '/console/api';
/** An answer that takes longer is no use to somebody who looks at a page. Training for the playground is asked for, not waited for. */
const LIMIT_MS = 20_000;

/** Why a request was not answered: the service's own words where it had any. `status` 0: no answer came. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | undefined;
  /** Whole seconds to wait before asking again, where the service said so. */
  readonly retryAfterS: number | undefined;

  constructor(status: number, code: string, message: string, hint?: string, retryAfterS?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.retryAfterS = retryAfterS;
  }
}

/** Counts up whenever the service says that nobody is signed in. */
export const signedOut = new Value(0);

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
interface Asked {
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Sent also when the page is being left. */
  readonly keepalive?: boolean;
}

async function ask<T>(method: Method, path: string, { body, signal, keepalive = false }: Asked = {}): Promise<T> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  let response: Response;
  try {
    response = await fetch(`${API}${path}`, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      keepalive,
      headers: {
        accept: 'application/json',
        ...(method === 'GET' ? {} : { 'x-hearken-console': '1' }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, 'NO_ANSWER', '');
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  throw await failure(response, path);
}

async function failure(response: Response, path: string): Promise<ApiError> {
  const told = (await response.json().catch(() => ({}))) as { code?: string; message?: string; hint?: string };
  const retry = Number(response.headers.get('retry-after'));
  if (response.status === 401 && path !== '/sign-in' && path !== '/me') signedOut.set(signedOut.value + 1);
  return new ApiError(
    response.status,
    told.code ?? 'ERROR',
    told.message ?? '',
    told.hint,
    Number.isFinite(retry) && retry > 0 ? Math.ceil(retry) : undefined,
  );
}

/** Whether a request ended because nobody waits for its answer any more. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

const seg = encodeURIComponent;
function search(query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query) as [string, unknown][])
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** Every request there is. Each rejects with ApiError, or AbortError when `signal` ended it. */
export const api = {
  me: (signal?: AbortSignal) => ask<Me>('GET', '/me', { signal }),
  signIn: (body: SignInRequest) => ask<Me>('POST', '/sign-in', { body }),
  signOut: () => ask<void>('POST', '/sign-out'),

  calls: (query: CallsQuery, signal?: AbortSignal) => ask<CallsPage>('GET', `/calls${search(query)}`, { signal }),
  call: (id: string, part?: string, signal?: AbortSignal) =>
    ask<CallDetail>('GET', `/calls/${seg(id)}${search({ part })}`, { signal }),
  waveform: (id: string, part: string, buckets: number, signal?: AbortSignal) =>
    ask<WaveformData>('GET', `/calls/${seg(id)}/waveform${search({ part, buckets })}`, { signal }),
  audioAddress: (id: string, part: string) => `${API}/calls/${seg(id)}/audio${search({ part })}`,
  listenAddress: (id: string) => `${location.origin.replace(/^http/, 'ws')}${API}/calls/${seg(id)}/listen`,

  playgrounds: (signal?: AbortSignal) => ask<PlaygroundList>('GET', '/playground', { signal }),
  playgroundOpen: (app: string) => ask<Playground>('POST', '/playground', { body: { app } }),
  playground: (id: string, signal?: AbortSignal) => ask<Playground>('GET', `/playground/${seg(id)}`, { signal }),
  playgroundSay: (id: string, body: PlaygroundMessageRequest, signal?: AbortSignal) =>
    ask<PlaygroundReply>('POST', `/playground/${seg(id)}/messages`, { body, signal }),
  talkPath: (id: string) => `${API}/playground/${seg(id)}/talk`,
  playgroundClose: (id: string) => ask<void>('DELETE', `/playground/${seg(id)}`),

  stats: (hours: number, signal?: AbortSignal) => ask<Stats>('GET', `/stats${search({ hours })}`, { signal }),
  health: (signal?: AbortSignal) => ask<Health>('GET', '/health', { signal }),

  desk: (signal?: AbortSignal) => ask<Desk>('GET', '/desk', { signal }),
  presence: (body: PresenceRequest) => ask<Agent>('PUT', '/desk/presence', { body }),
  alive: () => ask<void>('POST', '/desk/alive'),
  accept: (offer: string) => ask<Chat>('POST', `/desk/offers/${seg(offer)}/accept`),
  decline: (offer: string) => ask<void>('POST', `/desk/offers/${seg(offer)}/decline`),
  take: (item: string) => ask<Chat>('POST', `/desk/queue/${seg(item)}/take`),
  openPhone: (callId: string) => ask<Chat>('POST', `/desk/phone/${seg(callId)}/open`),
  join: (callId: string) => ask<Chat>('POST', `/desk/calls/${seg(callId)}/join`),
  chat: (id: string, signal?: AbortSignal) => ask<Chat>('GET', `/desk/chats/${seg(id)}`, { signal }),
  say: (chat: string, text: string, messageId: string) =>
    ask<Line>('POST', `/desk/chats/${seg(chat)}/messages`, { body: { text, messageId } }),
  handBack: (chat: string) => ask<Chat>('POST', `/desk/chats/${seg(chat)}/hand-back`),
  end: (chat: string) => ask<Chat>('POST', `/desk/chats/${seg(chat)}/end`),
  notes: (chat: string, notes: string, keepalive = false) =>
    ask<Chat>('PUT', `/desk/chats/${seg(chat)}/notes`, { body: { notes }, keepalive }),
  wrapUp: (chat: string, body: WrapUpRequest) => ask<Chat>('POST', `/desk/chats/${seg(chat)}/wrap-up`, { body }),
  tickets: (query: TicketsQuery, signal?: AbortSignal) =>
    ask<TicketList>('GET', `/desk/tickets${search(query)}`, { signal }),
  newTicket: (body: NewTicketRequest) => ask<Ticket>('POST', '/desk/tickets', { body }),
  changeTicket: (number: string, body: TicketChangeRequest) =>
    ask<Ticket>('POST', `/desk/tickets/${seg(number)}`, { body }),
} as const;

/** What GET /calls/:id/waveform gives. */
export interface WaveformData {
  readonly part: string;
  readonly durationMs: number;
  readonly bucketMs: number;
  readonly caller: readonly number[];
  readonly bot: readonly number[];
}
