import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import { BridgeError, messageOf } from '../errors.js';
import type { RecordingAction } from '../recording/call-recording.js';
import { type G711, LINES, type LineFormat } from '../rtp/packet.js';
import type { HangupCause } from '../sip/cause.js';

/** `hearken.media.v1` as its JSON Schema (docs/protocol) has it; the types below say the same for the compiler. */

export const SUBPROTOCOL = 'hearken.media.v1';

export interface MediaFormat {
  readonly encoding: G711 | 'pcm16';
  readonly sampleRate: number;
}

/** How the service is told of a line. */
export function mediaOf(line: LineFormat): MediaFormat {
  return line === 'l16'
    ? { encoding: 'pcm16', sampleRate: LINES.l16.sampleRate }
    : { encoding: line, sampleRate: 8000 };
}

/** Bytes of 20 ms. */
export function frameBytesOf({ encoding, sampleRate }: MediaFormat): number {
  return (sampleRate / 50) * (encoding === 'pcm16' ? 2 : 1);
}

export interface StartMessage {
  readonly type: 'start';
  readonly callId: string;
  readonly direction: 'inbound' | 'outbound';
  readonly caller: string;
  readonly callee: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly media: MediaFormat;
  /** `whisper`: the peer is an agent who is to hear the summary in `headers`, before the caller is put through. */
  readonly purpose?: 'conversation' | 'whisper';
  /** What the bridge's configuration says about the number that was dialled. */
  readonly route?: {
    readonly trunk?: string;
    readonly application?: string;
    readonly language?: string;
    readonly greeting?: string;
  };
  readonly token?: string;
  readonly resume?: { readonly sessionId: string; readonly resumeToken: string };
}

export type ClientMessage =
  | StartMessage
  | { readonly type: 'dtmf'; readonly digit: string; readonly durationMs?: number }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'cleared'; readonly generation: number; readonly playedMs: number }
  | {
      readonly type: 'transfer.progress';
      readonly transferId: string;
      readonly status: number;
      readonly reason?: string;
    }
  | ({ readonly type: 'transfer.result' } & TransferResult)
  | QualityMessage
  | { readonly type: 'stop'; readonly cause: HangupCause; readonly reason?: string };

/** Counted from the begin of the call; what the peer has not reported is left out. */
export interface QualityMessage {
  readonly type: 'quality';
  readonly final: boolean;
  readonly receivedPackets: number;
  readonly sentPackets: number;
  readonly lossPercent: number;
  readonly jitterMs: number;
  readonly remoteLossPercent?: number;
  readonly remoteJitterMs?: number;
  readonly roundTripMs?: number;
  readonly worstRoundTripMs?: number;
  readonly latePackets: number;
  readonly duplicatePackets: number;
  readonly concealedFrames: number;
  readonly depthMs: number;
  readonly codec?: string;
  readonly encrypted?: boolean;
}

export interface TransferResult {
  readonly transferId: string;
  readonly outcome: 'completed' | 'failed' | 'timeout';
  readonly status: number;
  readonly reason?: string;
}

export interface ReadyMessage {
  readonly type: 'ready';
  readonly sessionId: string;
  readonly resumeToken: string;
  readonly resumeWindowMs: number;
  readonly media: MediaFormat;
  readonly generation: number;
  /** Of what we offered to tell. */
  readonly accepts?: readonly 'quality'[];
}

export interface TransferMessage {
  readonly type: 'transfer';
  readonly transferId: string;
  readonly target: string;
  readonly mode: 'blind' | 'attended';
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export type ServerMessage =
  | ReadyMessage
  | TransferMessage
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'clear'; readonly generation: number }
  | { readonly type: 'hangup'; readonly cause: HangupCause; readonly reason?: string }
  | { readonly type: 'transcript'; readonly who: 'caller' | 'bot'; readonly text: string; readonly final: boolean }
  | { readonly type: 'recording'; readonly action: RecordingAction }
  | { readonly type: 'state'; readonly state: string }
  | {
      readonly type: 'error';
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly fatal: boolean;
    };

/** The schema lies in the repository, three folders above this file whether it runs from `src/` or `dist/`. */
const SCHEMA_FILE = new URL('../../../docs/protocol/hearken.media.v1.schema.json', import.meta.url);

interface Validators {
  readonly server: ValidateFunction<ServerMessage>;
  readonly client: ValidateFunction<ClientMessage>;
}

let validators: Validators | undefined;

/** Compiles the schema once. Throws SCHEMA_UNREADABLE; `main.ts` calls it before it answers a phone. */
export function loadSchema(): Validators {
  if (validators) return validators;
  try {
    const schema = JSON.parse(readFileSync(SCHEMA_FILE, 'utf8')) as { $id: string };
    const ajv = new Ajv({ allErrors: false, strict: false, logger: false });
    ajv.addSchema(schema);
    validators = {
      server: ajv.compile<ServerMessage>({ $ref: `${schema.$id}#/definitions/server` }),
      client: ajv.compile<ClientMessage>({ $ref: `${schema.$id}#/definitions/client` }),
    };
    return validators;
  } catch (error) {
    throw new BridgeError(
      'SCHEMA_UNREADABLE',
      `The protocol schema ${fileURLToPath(SCHEMA_FILE)} can't be used: ${messageOf(error)}`,
      {
        hint: 'The file is part of the repository; restore it.',
        cause: error,
      },
    );
  }
}

export type Read<Message> = { readonly message: Message } | { readonly problem: string };

/** One text frame of the service. */
export function readServerMessage(text: string): Read<ServerMessage> {
  return read(text, loadSchema().server);
}

/** One text frame of a client, for the fake service. */
export function readClientMessage(text: string): Read<ClientMessage> {
  return read(text, loadSchema().client);
}

function read<Message>(text: string, validate: ValidateFunction<Message>): Read<Message> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `not JSON: ${messageOf(error)}` };
  }
  if (validate(value)) return { message: value };
  const type = typeof value === 'object' && value !== null && 'type' in value ? String(value.type).slice(0, 40) : '?';
  const first = validate.errors?.[0];
  return { problem: `"${type}" does not fit the schema: ${first?.instancePath ?? ''} ${first?.message ?? ''}` };
}

/** In `start.headers`: what we can tell besides, for a service that says in `ready` that it wants it. One that knows nothing of it is not disturbed. */
export const OFFERS_HEADER = 'X-Hearken-Offers';

const HEADER_NAME = /^[A-Za-z0-9-]{1,128}$/;

/** SIP headers as `start` may carry them: at most 64, values without line breaks. */
export function startHeaders(
  headers: Readonly<Record<string, string>>,
  offers: readonly string[] = [],
): Record<string, string> {
  const entries = [...offers.map((offer) => [OFFERS_HEADER, offer] as const), ...Object.entries(headers)]
    .filter(([name], index) => HEADER_NAME.test(name) && (index < offers.length || !isOffers(name)))
    .slice(0, 64)
    .map(([name, value]) => [name, value.replace(/[\r\n]+/g, ' ').slice(0, 2048)]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** Never the caller's to say. */
function isOffers(name: string): boolean {
  return name.toLowerCase() === OFFERS_HEADER.toLowerCase();
}
