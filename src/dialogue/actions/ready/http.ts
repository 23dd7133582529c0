import { setTimeout } from 'node:timers/promises';
import { HearkenError } from '../../../errors.js';
import type { AnswerRule, HttpAction } from '../../app/ready-actions.js';
import type { ActionResult } from '../api.js';
import { CircuitBreaker } from '../circuit-breaker.js';
import { type ActionRequest, FAILURE, type RanAction } from '../runner.js';
import { describe, type GuardedAnswer, type GuardOptions, guardedRequest } from './guarded-request.js';
import { fillText, fillUrl, fillValue, type TemplateScope } from './template.js';

export interface HttpActionsOptions extends GuardOptions {
  readonly secrets: Readonly<Record<string, string>>;
  /** Pause before the first further try; doubles. Default 100 ms. */
  readonly backOffMs?: number;
}

/** Worth another try: the server was not there, or asked for patience. */
const TRY_AGAIN: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const FAILURES = 5;
const OPEN_MS = 10_000;
const MAX_HOSTS = 200;

/** Requests to customers' APIs as files describe them. One circuit breaker a host. */
export class HttpActions {
  readonly #options: HttpActionsOptions;
  readonly #breakers = new Map<string, CircuitBreaker>();

  constructor(options: HttpActionsOptions) {
    this.#options = options;
  }

  /** Rejects with ACTION_FAILED, TIMEOUT or FORBIDDEN where the action has no rule for `failed`. */
  async run(action: HttpAction, request: ActionRequest, gone: AbortSignal | undefined): Promise<RanAction> {
    const scope: TemplateScope = { request, secrets: this.#options.secrets };
    try {
      const answer = await this.#ask(action, scope, gone);
      const rule = ruleFor(action, answer.status);
      if (rule?.status === 'failed') throw failed(action, `the server answered ${answer.status}`);
      if (rule !== undefined) return applied(rule, parsed(action, rule, answer), scope);
      if (answer.status >= 400) throw failed(action, `the server answered ${answer.status}`);
      return {};
    } catch (error) {
      const rule = action.answers.find((each) => each.status === 'failed');
      const why = error instanceof HearkenError ? error : failed(action, describe(error), error);
      if (rule === undefined || gone?.aborted) throw why;
      return { ...applied(rule, undefined, scope), [FAILURE]: why };
    }
  }

  async #ask(action: HttpAction, scope: TemplateScope, gone: AbortSignal | undefined): Promise<GuardedAnswer> {
    const url = fillUrl(action.url, action.query, scope);
    const body = action.body === undefined ? undefined : JSON.stringify(fillValue(action.body, scope));
    const { request } = scope;
    const headers: Record<string, string> = {
      // The same for every try of one turn, so that a server can tell a retry from a second wish.
      'idempotency-key': `${request.conversationId}-${request.turn}-${action.name}`,
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
    };
    for (const [name, template] of Object.entries(action.headers))
      headers[name] = fillText(template, scope).replace(/[^\t\x20-\x7e\x80-\xff]/g, ' ');
    const timeUp = AbortSignal.timeout(action.timeoutMs);
    const signal = gone === undefined ? timeUp : AbortSignal.any([timeUp, gone]);
    const deadline = performance.now() + action.timeoutMs;
    const once = (): Promise<GuardedAnswer> =>
      guardedRequest(this.#options, { url, method: action.method, headers, body, signal });
    try {
      return await this.#breaker(url.host).run(action.name, () => this.#tries(action, once, deadline, signal));
    } catch (error) {
      if (error instanceof ServerFailed) return error.answer;
      if (timeUp.aborted && !gone?.aborted) {
        throw new HearkenError('TIMEOUT', `${url.host} did not answer ${action.name} within ${action.timeoutMs} ms.`, {
          hint: 'Make it faster, or raise timeout_ms; callers wait meanwhile.',
        });
      }
      throw error;
    }
  }

  async #tries(
    action: HttpAction,
    once: () => Promise<GuardedAnswer>,
    deadline: number,
    signal: AbortSignal,
  ): Promise<GuardedAnswer> {
    for (let attempt = 0; ; attempt++) {
      let pauseMs = (this.#options.backOffMs ?? 100) * 2 ** attempt;
      const more = attempt < action.retries;
      try {
        const answer = await once();
        if (!TRY_AGAIN.has(answer.status)) {
          if (answer.status >= 500) throw new ServerFailed(answer);
          return answer;
        }
        pauseMs = Math.max(pauseMs, answer.retryAfterMs ?? 0);
        if (!more || performance.now() + pauseMs >= deadline) throw new ServerFailed(answer);
      } catch (error) {
        if (error instanceof ServerFailed || error instanceof HearkenError || signal.aborted) throw error;
        if (!more || performance.now() + pauseMs >= deadline) throw failed(action, describe(error), error);
      }
      await setTimeout(pauseMs, undefined, { signal });
    }
  }

  #breaker(host: string): CircuitBreaker {
    const known = this.#breakers.get(host);
    if (known !== undefined) return known;
    if (this.#breakers.size >= MAX_HOSTS) this.#breakers.clear();
    const made = new CircuitBreaker({ failures: FAILURES, openMs: OPEN_MS });
    this.#breakers.set(host, made);
    return made;
  }
}

/** The server's own failure counts for the circuit breaker, and its status may still have a rule. */
class ServerFailed extends Error {
  constructor(readonly answer: GuardedAnswer) {
    super(`the server answered ${answer.status}`);
  }
}

function ruleFor(action: HttpAction, status: number): AnswerRule | undefined {
  const find = (name: string): AnswerRule | undefined => action.answers.find((rule) => rule.status === name);
  const fitting = find(String(status)) ?? find(`${Math.floor(status / 100)}xx`);
  if (fitting !== undefined) return fitting;
  // With rules for some answers, one nobody has thought of is a failure; without any, success needs none.
  return action.answers.some((rule) => rule.status !== 'failed') || status >= 400 ? find('failed') : undefined;
}

function parsed(action: HttpAction, rule: AnswerRule, answer: GuardedAnswer): unknown {
  const wanted = Object.values(rule.slots).some((value) => 'path' in value);
  if (!wanted || answer.text.trim() === '') return undefined;
  try {
    return JSON.parse(answer.text);
  } catch (error) {
    throw failed(action, 'its answer is not JSON', error);
  }
}

function applied(rule: AnswerRule, answer: unknown, scope: TemplateScope): ActionResult {
  const slots: Record<string, unknown> = {};
  for (const [slot, source] of Object.entries(rule.slots)) {
    if (!('path' in source)) {
      slots[slot] = fillValue(source.value, scope);
      continue;
    }
    const found = atPath(answer, fillText(source.path, scope));
    const mapped =
      source.map === undefined || found === undefined || found === null ? found : entryOf(source.map, String(found));
    slots[slot] = mapped ?? source.otherwise;
  }
  return {
    slots,
    say: rule.say,
    ...(rule.next === undefined ? {} : { followUp: rule.next }),
    ...(rule.handOff === undefined ? {} : { handOff: { reason: rule.handOff } }),
  };
}

/** The answer is somebody else's: `constructor` is no entry of the map. */
function entryOf(map: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** `order.items[0].name` in a JSON value; undefined where the way ends. */
export function atPath(value: unknown, path: string): unknown {
  let at = value;
  for (const key of path.split(/[.[\]]+/).filter((part) => part !== '')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

function failed(action: HttpAction, why: string, cause?: unknown): HearkenError {
  return new HearkenError('ACTION_FAILED', `The action ${action.name} failed: ${why}.`, {
    hint: `It stands in ${action.file}:${action.line}; an answer rule "failed:" says what callers hear then.`,
    cause,
  });
}
