import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** One request to a JSON server over kept connections: a fraction of what `fetch` costs, and a shop is asked in most turns. */

export interface JsonRequest {
  readonly method: string;
  readonly body?: unknown;
  /** For the whole answer. */
  readonly limitMs: number;
  /** Ends the wait early. */
  readonly signal: AbortSignal;
}

export interface JsonAnswer {
  readonly status: number;
  /** Undefined when it was no JSON. */
  readonly body: unknown;
}

/** No answer within the limit. */
export class KeptSilent extends Error {}

const MAX_ANSWER_BYTES = 1024 * 1024;
const plain = new HttpAgent({ keepAlive: true, maxSockets: 64 });
const secure = new HttpsAgent({ keepAlive: true, maxSockets: 64 });

/** Rejects with KeptSilent, with the signal's reason, or with what went wrong on the way. Redirects are answers like any other. */
export function askJson(url: string, { method, body, limitMs, signal }: JsonRequest): Promise<JsonAnswer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const options = {
      method,
      headers:
        text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) },
    };
    const outgoing = url.startsWith('https:')
      ? httpsRequest(url, { ...options, agent: secure })
      : httpRequest(url, { ...options, agent: plain });
    const settle = (): void => {
      clearTimeout(limit);
      signal.removeEventListener('abort', gone);
    };
    const fail = (error: Error): void => {
      settle();
      outgoing.destroy();
      reject(error);
    };
    const gone = (): void => fail(signal.reason instanceof Error ? signal.reason : new Error('the caller is gone'));
    const limit = setTimeout(() => fail(new KeptSilent(`no answer within ${limitMs} ms`)), limitMs);
    if (signal.aborted) return gone();
    signal.addEventListener('abort', gone, { once: true });
    outgoing.on('error', fail);
    outgoing.on('response', (response) => {
      read(response).then((answer) => {
        settle();
        resolve(answer);
      }, fail);
    });
    outgoing.end(text);
  });
}

function read(response: IncomingMessage): Promise<JsonAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) reject(new Error(`the answer is larger than ${MAX_ANSWER_BYTES} bytes`));
      else chunks.push(chunk);
    });
    response.on('error', reject);
    response.on('aborted', () => reject(new Error('the answer ended too soon')));
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(chunks) }));
  });
}

function parsed(chunks: readonly Buffer[]): unknown {
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}
