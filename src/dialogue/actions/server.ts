import { setTimeout } from 'node:timers/promises';
import { HearkenError, messageOf } from '../../errors.js';
import type { Application } from '../app/types.js';
import type { TrackerEvent } from '../tracker/events.js';
import type { ActionReply, ActionResult } from './api.js';
import { CircuitBreaker } from './circuit-breaker.js';
import type { ActionRequest } from './runner.js';

/**
 * An action server in Rasa's protocol (https://rasa.com/docs/reference/integrations/action-server/actions): `POST {next_action, sender_id, tracker, domain}` →
 * `{events, responses}`. A refused or reset connection and 502, 503, 504 are tried again with back-off; an answer that took too long is not, for the action may
 * have been done. After failures in a row the server is left alone for a while.
 */
export interface ActionServerOptions {
  readonly url: string;
  /** Default 10 s. */
  readonly timeoutMs?: number;
  /** Further tries. Default 2. */
  readonly retries?: number;
  /** Pause before the first further try; doubles. Default 100 ms. */
  readonly backOffMs?: number;
  readonly breaker?: CircuitBreaker;
}

const MAX_ANSWER_BYTES = 1024 * 1024;
const MAX_EVENTS = 200;
const TRY_AGAIN: ReadonlySet<number> = new Set([502, 503, 504]);
const VERSION = '3.6.0';

export class ActionServer {
  readonly #options: ActionServerOptions;
  readonly #breaker: CircuitBreaker;
  readonly #domain: Readonly<Record<string, unknown>>;
  readonly #noSlots: Readonly<Record<string, null>>;

  constructor(options: ActionServerOptions, application: Application) {
    this.#options = options;
    this.#breaker = options.breaker ?? new CircuitBreaker({ failures: 5, openMs: 10_000 });
    this.#domain = rasaDomain(application);
    this.#noSlots = Object.fromEntries([...application.domain.slots.keys()].map((name) => [name, null]));
  }

  /** Rejects with ACTION_FAILED or TIMEOUT. */
  async run(
    name: string,
    request: ActionRequest,
    history: readonly TrackerEvent[],
    gone?: AbortSignal,
  ): Promise<ActionResult> {
    const body = JSON.stringify({
      next_action: name,
      sender_id: request.conversationId,
      tracker: rasaTracker({ ...request, slots: { ...this.#noSlots, ...request.slots } }, history),
      domain: this.#domain,
      version: VERSION,
    });
    const key = `${request.conversationId}-${request.turn}-${name}`;
    return this.#breaker.run(name, () => this.#tries(name, body, key, gone));
  }

  async #tries(name: string, body: string, key: string, gone: AbortSignal | undefined): Promise<ActionResult> {
    const deadline = performance.now() + (this.#options.timeoutMs ?? 10_000);
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#once(name, body, key, deadline, gone);
      if (!('again' in outcome)) return outcome.result;
      const pauseMs = (this.#options.backOffMs ?? 100) * 2 ** attempt;
      if (attempt >= (this.#options.retries ?? 2) || performance.now() + pauseMs >= deadline) throw outcome.again;
      await setTimeout(pauseMs, undefined, gone === undefined ? {} : { signal: gone }).catch(() => undefined);
      if (gone?.aborted) throw outcome.again;
    }
  }

  async #once(
    name: string,
    body: string,
    key: string,
    deadline: number,
    gone: AbortSignal | undefined,
  ): Promise<{ readonly result: ActionResult } | { readonly again: HearkenError }> {
    let response: Response;
    const timeUp = AbortSignal.timeout(Math.max(1, Math.round(deadline - performance.now())));
    try {
      response = await fetch(this.#options.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': key },
        body,
        // It is the operator's own server, named in endpoints.yml: what it is asked goes there and nowhere else.
        redirect: 'manual',
        signal: gone === undefined ? timeUp : AbortSignal.any([timeUp, gone]),
      });
    } catch (error) {
      if (gone?.aborted) throw failed(name, 'the caller is gone', error);
      if (error instanceof Error && error.name === 'TimeoutError') {
        throw new HearkenError('TIMEOUT', `The action server did not answer ${name} in time.`, {
          hint: `Check ${this.#options.url}.`,
          cause: error,
        });
      }
      return { again: failed(name, `the action server can't be reached: ${messageOf(error)}`, error) };
    }
    if (TRY_AGAIN.has(response.status)) {
      await response.body?.cancel();
      return { again: failed(name, `the action server answered ${response.status}`) };
    }
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel();
      throw failed(name, `the action server answered ${response.status}, and redirects are not followed`);
    }
    const text = await readBounded(response).catch((error: unknown) => {
      throw failed(name, `its answer can't be read: ${messageOf(error)}`, error);
    });
    // Rasa's ActionExecutionRejection: the action has nothing to say to this, others go on.
    if (response.status === 400 && isRejection(text)) return { result: {} };
    if (!response.ok) throw failed(name, `the action server answered ${response.status}: ${text.slice(0, 200)}`);
    return { result: toResult(name, text) };
  }
}

function failed(name: string, why: string, cause?: unknown): HearkenError {
  return new HearkenError('ACTION_FAILED', `The action ${name} failed: ${why}.`, {
    hint: 'Check the action server named in endpoints.yml.',
    cause,
  });
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`it is larger than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function toResult(name: string, text: string): ActionResult {
  let answer: unknown;
  try {
    answer = text.trim() === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw failed(name, 'its answer is not JSON', error);
  }
  const { events, responses } = isRecord(answer) ? answer : {};
  const slots: Record<string, unknown> = {};
  let followUp: string | undefined;
  const say: ActionReply[] = [];
  for (const event of Array.isArray(events) ? events.filter(isRecord) : []) {
    if (event.event === 'slot' && typeof event.name === 'string') slots[event.name] = event.value ?? null;
    else if (event.event === 'followup' && typeof event.name === 'string') followUp = event.name;
    else if (event.event === 'restart') followUp = 'action_restart';
    else if (event.event === 'reset_slots') followUp = 'action_reset_slots';
    else if ((event.event === 'active_loop' || event.event === 'form') && event.name === null)
      followUp = 'action_deactivate_loop';
    else if ((event.event === 'active_loop' || event.event === 'form') && typeof event.name === 'string')
      followUp = event.name;
    else if (event.event === 'bot' && typeof event.text === 'string') say.push({ text: event.text });
  }
  for (const response of Array.isArray(responses) ? responses.filter(isRecord) : []) {
    const named = response.response ?? response.template;
    const {
      text: words,
      response: _r,
      template: _t,
      buttons: _b,
      elements: _e,
      custom: _c,
      image: _i,
      attachment: _a,
      ...values
    } = response;
    if (typeof named === 'string') say.push({ response: named, values });
    else if (typeof words === 'string' && words !== '') say.push({ text: words });
  }
  return { slots, say, ...(followUp === undefined ? {} : { followUp }) };
}

function isRejection(text: string): boolean {
  try {
    const answer: unknown = JSON.parse(text);
    return isRecord(answer) && typeof answer.action_name === 'string';
  } catch {
    return false;
  }
}

function rasaTracker(request: ActionRequest, history: readonly TrackerEvent[]): Record<string, unknown> {
  const { latest } = request;
  const entities = latest.entities.map(({ entity, value }) => ({ entity, value }));
  return {
    conversation_id: request.conversationId,
    sender_id: request.conversationId,
    slots: request.slots,
    latest_message: {
      text: latest.text,
      intent: { name: latest.intent, confidence: latest.confidence },
      intent_ranking: [],
      entities,
    },
    latest_event_time: request.nowMs / 1000,
    followup_action: 'action_listen',
    paused: false,
    events: history.slice(-MAX_EVENTS).flatMap(rasaEvent),
    latest_input_channel: request.channel,
    active_loop: request.activeLoop === null ? {} : { name: request.activeLoop },
    latest_action_name: history.findLast((event) => event.event === 'action')?.name ?? 'action_listen',
  };
}

function rasaEvent(event: TrackerEvent): Record<string, unknown>[] {
  const timestamp = event.atMs / 1000;
  switch (event.event) {
    case 'user':
      return [
        {
          event: 'user',
          timestamp,
          text: event.text,
          input_channel: event.channel,
          message_id: event.messageId,
          parse_data: {
            text: event.text,
            intent: { name: event.intent, confidence: event.confidence },
            entities: event.entities,
          },
        },
      ];
    case 'bot':
      return [
        {
          event: 'bot',
          timestamp,
          text: event.text,
          metadata: event.response === undefined ? {} : { utter_action: event.response },
        },
      ];
    case 'slot':
      return [{ event: 'slot', timestamp, name: event.name, value: event.value }];
    case 'action':
      return [{ event: 'action', timestamp, name: event.name, policy: event.policy, confidence: 1 }];
    case 'active_loop':
      return [{ event: 'active_loop', timestamp, name: event.name }];
    case 'session_started':
      return [{ event: 'session_started', timestamp }];
    default:
      return [];
  }
}

/** The domain as Rasa's servers expect it; made once. */
function rasaDomain({ domain }: Application): Readonly<Record<string, unknown>> {
  return {
    config: { store_entities_as_slots: true },
    session_config: {
      session_expiration_time: domain.sessionExpiryMs / 60_000,
      carry_over_slots_to_new_session: domain.carryOverSlots,
    },
    intents: [...domain.intents.keys()].map((name) => ({ [name]: { use_entities: true } })),
    entities: [...domain.entities],
    slots: Object.fromEntries(
      [...domain.slots.values()].map((slot) => [
        slot.name,
        {
          type: slot.type,
          initial_value: slot.initialValue,
          influence_conversation: slot.influenceConversation,
          mappings: slot.mappings.map((mapping) => ({ type: mapping.type })),
        },
      ]),
    ),
    responses: Object.fromEntries(
      [...domain.responses].map(([name, response]) => [
        name,
        response.variations.map((variation) => ({ text: variation.text })),
      ]),
    ),
    actions: [...domain.actions],
    forms: Object.fromEntries(
      [...domain.forms.values()].map((form) => [
        form.name,
        { required_slots: form.requiredSlots, ignored_intents: form.ignoredIntents },
      ]),
    ),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
