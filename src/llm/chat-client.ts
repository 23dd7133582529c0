import { z } from 'zod';
import { HearkenError, messageOf } from '../errors.js';

export interface ChatClientOptions {
  /** Base address of an OpenAI-compatible server, `/v1` included: `http://127.0.0.1:11434/v1` (Ollama), vLLM, llama.cpp, any cloud. */
  readonly url: string;
  readonly model: string;
  readonly key?: string;
  /** Longest answer, in tokens. Default 300. */
  readonly maxTokens?: number;
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** An answer may have at most this many bytes: a server that goes on and on must not fill the memory. */
const MAX_ANSWER_BYTES = 1_048_576;
/** After so many failures in a row the server is left in peace for a while. */
const FAILURES = 3;
const REST_MS = 30_000;

const answerSchema = z.object({
  choices: z
    .array(z.object({ message: z.object({ content: z.string().nullish() }) }))
    .min(1)
    .max(16),
});

/** `POST /chat/completions` as OpenAI describes it (https://platform.openai.com/docs/api-reference/chat/create); the smallest part that all servers of this kind know. */
export class ChatClient {
  readonly #options: ChatClientOptions;
  readonly #now: () => number;
  #failures = 0;
  #restUntilMs = 0;

  constructor(options: ChatClientOptions, now: () => number = () => performance.now()) {
    this.#options = options;
    this.#now = now;
  }

  /** The model's answer. Rejects with LLM_UNAVAILABLE: the server is away, refuses, says something else, or is left in peace after failing. `signal` limits the wait. */
  async complete(messages: readonly ChatMessage[], signal: AbortSignal): Promise<string> {
    if (this.#now() < this.#restUntilMs) throw unavailable('it failed several times and is asked again later');
    try {
      const text = await this.#ask(messages, signal);
      this.#failures = 0;
      return text;
    } catch (error) {
      if (++this.#failures >= FAILURES) this.#restUntilMs = this.#now() + REST_MS;
      throw error instanceof HearkenError ? error : unavailable(messageOf(error), error);
    }
  }

  async #ask(messages: readonly ChatMessage[], signal: AbortSignal): Promise<string> {
    const { url, model, key, maxTokens = 300 } = this.#options;
    const response = await fetch(`${url.replace(/\/+$/, '')}/chat/completions`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      },
      body: JSON.stringify({ model, messages, max_tokens: maxTokens, temperature: 0, stream: false }),
      // The key is for this server alone.
      redirect: 'error',
      signal,
    });
    const body = await bounded(response);
    if (!response.ok) throw unavailable(`it answered ${response.status}: ${body.slice(0, 200)}`);
    const answer = answerSchema.safeParse(json(body));
    if (!answer.success) throw unavailable('its answer is not that of a chat completion');
    return answer.data.choices[0]?.message.content ?? '';
  }
}

async function bounded(response: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body ?? []) {
    bytes += piece.length;
    if (bytes > MAX_ANSWER_BYTES) throw unavailable(`its answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unavailable(reason: string, cause?: unknown): HearkenError {
  return new HearkenError('LLM_UNAVAILABLE', `The language model gave no answer: ${reason}.`, {
    hint: 'Check llm.url, llm.model and HEARKEN_LLM_KEY; everything goes on without it.',
    cause,
  });
}
