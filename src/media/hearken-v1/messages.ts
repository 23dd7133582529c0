import { readFileSync } from 'node:fs';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { HearkenError } from '../../errors.js';
import type { CallDirection, CallRoute, HangupCause, LineQuality, TransferOutcome } from '../session.js';

/**
 * The text frames of `hearken.media.v1`. The JSON Schema in `docs/protocol/` is the law: what comes in is validated with it, and
 * what goes out is held against it by the tests.
 */

export const SUBPROTOCOL = 'hearken.media.v1';

export type Encoding = 'pcm16' | 'pcmu' | 'pcma';

export interface MediaFormat {
  readonly encoding: Encoding;
  /** Hz; G.711 is always 8000. */
  readonly sampleRate: number;
}

export interface StartMessage {
  readonly type: 'start';
  readonly callId: string;
  readonly direction: CallDirection;
  readonly caller: string;
  readonly callee: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly media: MediaFormat;
  readonly purpose?: 'conversation' | 'whisper';
  readonly route?: CallRoute;
  readonly token?: string;
  readonly resume?: { readonly sessionId: string; readonly resumeToken: string };
}

export type ClientMessage =
  | StartMessage
  | { readonly type: 'dtmf'; readonly digit: string; readonly durationMs?: number }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'cleared'; readonly generation: number; readonly playedMs: number }
  | {
      readonly type: 'transfer.progress';
      readonly transferId: string;
      readonly status: number;
      readonly reason?: string;
    }
  | ({ readonly type: 'transfer.result'; readonly reason?: string } & Pick<
      TransferOutcome,
      'transferId' | 'outcome' | 'status'
    >)
  | ({ readonly type: 'quality' } & LineQuality)
  | { readonly type: 'stop'; readonly cause: HangupCause; readonly reason?: string };

export type ServerMessage =
  | {
      readonly type: 'ready';
      readonly sessionId: string;
      readonly resumeToken: string;
      readonly resumeWindowMs: number;
      readonly media: MediaFormat;
      readonly generation: number;
      readonly accepts?: readonly 'quality'[];
    }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'clear'; readonly generation: number }
  | {
      readonly type: 'transfer';
      readonly transferId: string;
      readonly target: string;
      readonly mode: 'blind' | 'attended';
      readonly headers?: Readonly<Record<string, string>>;
      readonly timeoutMs: number;
    }
  | { readonly type: 'hangup'; readonly cause: HangupCause; readonly reason?: string }
  | { readonly type: 'transcript'; readonly who: 'caller' | 'bot'; readonly text: string; readonly final: boolean }
  | { readonly type: 'state'; readonly state: 'listening' | 'thinking' | 'speaking' | 'transferring' | 'ended' }
  | { readonly type: 'recording'; readonly action: 'start' | 'pause' | 'resume' | 'stop' }
  | {
      readonly type: 'error';
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
      readonly fatal: boolean;
    };

interface Definition {
  readonly properties?: { readonly type?: { readonly const?: string } };
}
interface Schema {
  readonly $id: string;
  readonly definitions: Readonly<
    Record<string, Definition & { readonly oneOf?: readonly { readonly $ref: string }[] }>
  >;
}

// From `src/media/hearken-v1/` and from `dist/media/hearken-v1/` the same number of steps up.
const schemaUrl = new URL('../../../docs/protocol/hearken.media.v1.schema.json', import.meta.url);
const schema = JSON.parse(readFileSync(schemaUrl, 'utf8')) as Schema;
const ajv = new Ajv({ allErrors: false, strict: true, allowUnionTypes: true });
ajv.addSchema(schema);

/** One validator a message type, so that an error speaks of that message and not of every other one it could have been. */
function validatorsOf(side: 'client' | 'server'): ReadonlyMap<string, ValidateFunction> {
  const validators = new Map<string, ValidateFunction>();
  for (const { $ref } of schema.definitions[side]?.oneOf ?? []) {
    const name = $ref.slice('#/definitions/'.length);
    const type = schema.definitions[name]?.properties?.type?.const;
    const validate = ajv.getSchema(`${schema.$id}${$ref}`);
    if (type !== undefined && validate) validators.set(type, validate as ValidateFunction);
  }
  return validators;
}

const validators = { client: validatorsOf('client'), server: validatorsOf('server') };

function parse(side: 'client' | 'server', text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new HearkenError('PROTOCOL_MESSAGE', 'A text frame was not JSON.', {
      hint: 'Send control messages as JSON objects; audio goes into binary frames.',
    });
  }
  const type = typeof value === 'object' && value !== null ? (value as { type?: unknown }).type : undefined;
  const validate = typeof type === 'string' ? validators[side].get(type) : undefined;
  if (!validate) {
    throw new HearkenError(
      'PROTOCOL_MESSAGE',
      `Unknown message type ${JSON.stringify(type)?.slice(0, 80) ?? 'undefined'}.`,
      {
        hint: `Known types: ${[...validators[side].keys()].join(', ')}.`,
      },
    );
  }
  if (!validate(value)) {
    throw new HearkenError(
      'PROTOCOL_MESSAGE',
      `The message "${type}" is not valid: ${describe(validate.errors?.[0])}.`,
      {
        hint: 'docs/protocol/hearken.media.v1.schema.json says what it must look like.',
      },
    );
  }
  return value;
}

function describe(error: ErrorObject | undefined): string {
  if (!error) return 'it does not match the schema';
  const where = error.instancePath === '' ? 'it' : error.instancePath.slice(1).replaceAll('/', '.');
  const extra =
    'additionalProperty' in error.params ? ` (${String(error.params.additionalProperty).slice(0, 80)})` : '';
  return `${where} ${error.message ?? 'does not match the schema'}${extra}`;
}

/** Reads a client's text frame. Throws PROTOCOL_MESSAGE with what is wrong with it. */
export function parseClientMessage(text: string): ClientMessage {
  return parse('client', text) as ClientMessage;
}

/** Reads a server's text frame: for clients written in this project and for the tests. Throws PROTOCOL_MESSAGE. */
export function parseServerMessage(text: string): ServerMessage {
  return parse('server', text) as ServerMessage;
}
