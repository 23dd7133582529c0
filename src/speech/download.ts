import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EnvHttpProxyAgent, fetch, type Response } from 'undici';
import { HearkenError, messageOf } from '../errors.js';

/** Downloads that survive a broken line: `<file>.part` is continued with HTTP Range, and nothing takes its final name before its checksum is right. */

export interface DownloadOptions {
  readonly url: string;
  readonly target: string;
  /** Expected size and checksum, where they are known. */
  readonly bytes: number | null;
  readonly sha256: string | null;
  /** Longest wait for an answer, and for the next bytes of it. */
  readonly stallTimeoutMs?: number;
  /** Attempts in a row that bring no byte. */
  readonly maxAttempts?: number;
  /** Wait before the next attempt; doubles with each in a row. */
  readonly retryDelayMs?: number;
  readonly maxBytes?: number;
  readonly onProgress?: (received: number, total: number | undefined) => void;
  readonly signal?: AbortSignal;
}

export interface Downloaded {
  readonly sha256: string;
  readonly bytes: number;
  /** Bytes that an earlier, broken attempt had brought. */
  readonly resumedFrom: number;
}

/** An answer after which trying again makes no sense. */
class Refused extends Error {}

const DEFAULTS = { stallTimeoutMs: 30_000, maxAttempts: 5, retryDelayMs: 1000, maxBytes: 4 * 1024 ** 3 };
/** HTTPS_PROXY, HTTP_PROXY and NO_PROXY are obeyed. */
const dispatcher = new EnvHttpProxyAgent();

/** Throws MODEL_DOWNLOAD (can't be had; the part stays for the next time) or MODEL_CHECKSUM (not what was expected; the part is thrown away). */
export async function download(options: DownloadOptions): Promise<Downloaded> {
  const settings = { ...DEFAULTS, ...options };
  const part = `${options.target}.part`;
  await mkdir(dirname(options.target), { recursive: true });
  const resumedFrom = await sizeOf(part);
  let attempts = 0;
  for (;;) {
    const before = await sizeOf(part);
    try {
      await attempt(settings, part);
      break;
    } catch (error) {
      if (options.signal?.aborted) throw cancelled(options.url);
      attempts = (await sizeOf(part)) > before ? 1 : attempts + 1;
      if (error instanceof Refused || attempts >= settings.maxAttempts) throw failed(options.url, error);
      await wait(settings.retryDelayMs * 2 ** (attempts - 1), options.signal);
    }
  }
  const sha256 = await hashOf(part);
  const bytes = await sizeOf(part);
  if (options.sha256 !== null && options.sha256 !== sha256) {
    await forget(part);
    throw new HearkenError(
      'MODEL_CHECKSUM',
      `${options.url} is not what was expected: SHA-256 ${sha256} instead of ${options.sha256}.`,
      {
        hint: 'The download was thrown away. Try again; if it stays so, the file at that address has changed.',
      },
    );
  }
  await rename(part, options.target);
  await forget(part);
  return { sha256, bytes, resumedFrom: Math.min(resumedFrom, bytes) };
}

type Settings = DownloadOptions & typeof DEFAULTS;

/** One connection: brings the part to its end, or throws with what has arrived kept. */
async function attempt(settings: Settings, part: string): Promise<void> {
  const have = await sizeOf(part);
  const stall = new AbortController();
  const onAbort = () => stall.abort(new Error('cancelled'));
  settings.signal?.addEventListener('abort', onAbort, { once: true });
  let timer = setTimeout(onStall, settings.stallTimeoutMs);
  function onStall(): void {
    stall.abort(new Error(`nothing came for ${settings.stallTimeoutMs} ms`));
  }
  try {
    const response = await fetch(settings.url, {
      dispatcher,
      signal: stall.signal,
      headers: await requestHeaders(part, have),
    });
    const start = await startOf(response, part, have, settings);
    if (start === undefined) return;
    const file = await open(part, start === 0 ? 'w' : 'r+');
    try {
      let received = start;
      const total = totalOf(response, start) ?? settings.bytes ?? undefined;
      if (total !== undefined && total > settings.maxBytes)
        throw new Refused(`it is larger than ${settings.maxBytes} bytes`);
      settings.onProgress?.(received, total);
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        timer = setTimeout(onStall, settings.stallTimeoutMs);
        const bytes = chunk as Uint8Array;
        if (received + bytes.length > settings.maxBytes)
          throw new Refused(`it is larger than ${settings.maxBytes} bytes`);
        await file.write(bytes, 0, bytes.length, received);
        received += bytes.length;
        settings.onProgress?.(received, total);
      }
      if (total !== undefined && received < total)
        throw new Error(`the connection ended after ${received} of ${total} bytes`);
    } finally {
      await file.close();
    }
  } finally {
    clearTimeout(timer);
    settings.signal?.removeEventListener('abort', onAbort);
  }
}

async function requestHeaders(part: string, have: number): Promise<Record<string, string>> {
  if (have === 0) return {};
  // Only continue the very file that was begun: if it has changed, the server sends it whole.
  const validator = await readFile(`${part}.etag`, 'utf8').catch(() => '');
  return { range: `bytes=${have}-`, ...(validator === '' ? {} : { 'if-range': validator }) };
}

/** Where the body belongs in the file; undefined when the part is complete already. Throws what is wrong with the answer. */
async function startOf(
  response: Response,
  part: string,
  have: number,
  settings: Settings,
): Promise<number | undefined> {
  if (settings.url.startsWith('https:') && response.url.startsWith('http:')) {
    throw new Refused(`it was redirected to an address without encryption (${response.url})`);
  }
  if (response.status === 206) {
    const start = Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1]);
    if (start === have) return have;
    await forget(part);
    throw new Error('the server answered with another range than asked');
  }
  if (response.status === 416) {
    const total = Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1]);
    if (total === have) return undefined;
    await forget(part);
    throw new Error('what was downloaded before does not fit the file any more');
  }
  if (response.status !== 200) {
    await response.body?.cancel();
    const text = `the server answered ${response.status}${response.statusText === '' ? '' : ` ${response.statusText}`}`;
    // Too many requests and the server's own troubles may pass.
    if (response.status < 500 && response.status !== 429 && response.status !== 408) throw new Refused(text);
    throw new Error(text);
  }
  const validator = response.headers.get('etag') ?? response.headers.get('last-modified') ?? '';
  // A weak tag does not promise equal bytes: not for If-Range (RFC 9110 §13.1.5).
  await writeFile(`${part}.etag`, validator.startsWith('W/') ? '' : validator);
  return 0;
}

function totalOf(response: Response, start: number): number | undefined {
  const length = response.headers.get('content-length');
  if (length === null || response.headers.get('content-encoding') !== null) return undefined;
  return start + Number(length);
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

async function forget(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(`${part}.etag`, { force: true });
}

function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
  });
}

function failed(url: string, error: unknown): HearkenError {
  const cause = error instanceof Error && error.cause !== undefined ? ` (${messageOf(error.cause)})` : '';
  return new HearkenError('MODEL_DOWNLOAD', `${url} could not be downloaded: ${messageOf(error)}${cause}.`, {
    hint: 'Run the command again to go on where it stopped; behind a proxy set HTTPS_PROXY.',
    cause: error,
  });
}

function cancelled(url: string): HearkenError {
  return new HearkenError('MODEL_DOWNLOAD', `The download of ${url} was stopped.`, {
    hint: 'Run the command again to go on where it stopped.',
  });
}
