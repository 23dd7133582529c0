import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseRecord } from '../../call/record.js';
import { HearkenError, messageOf } from '../../errors.js';
import { keyedIn } from './keyed-in.js';

/** What is known of a recording beforehand: what is said in it, what should be understood, and how the call went. */

export interface LabelledUtterance {
  /** Where in the recording. */
  readonly startMs: number;
  readonly endMs: number;
  /** Where its last word ends, where that is known better. */
  readonly speechEndMs?: number;
  readonly text?: string;
  /** What should be understood of it. */
  readonly intent?: string;
  /** Slots that should hold these values after the turn. */
  readonly slots?: Readonly<Record<string, unknown>>;
  /** Said over the bot: whether the bot should stop for it (a question) or go on (a cough, "yes, yes"). */
  readonly bargeIn?: boolean;
  /** Not said but keyed in: digits, `*` and `#`, from `startMs` to `endMs`. */
  readonly keys?: string;
}

export interface Labels {
  readonly language?: string;
  /** The whole transcript, where only that is known. */
  readonly text?: string;
  readonly utterances?: readonly LabelledUtterance[];
  /** Facts of our own call record. */
  readonly record?: {
    readonly startedAtMs: number | undefined;
    readonly caller: string;
    readonly callee: string;
    readonly route?: { readonly language?: string; readonly greeting?: string };
    /** What was keyed in, in order. */
    readonly keys: readonly LabelledUtterance[];
  };
}

const sidecarSchema = z.object({
  language: z.string().max(35).optional(),
  text: z.string().max(100_000).optional(),
  utterances: z
    .array(
      z
        .object({
          startMs: z.number().min(0),
          endMs: z.number().positive(),
          text: z.string().max(10_000).optional(),
          intent: z.string().max(200).optional(),
          slots: z.record(z.string(), z.unknown()).optional(),
          bargeIn: z.boolean().optional(),
          keys: z
            .string()
            .regex(/^[0-9*#A-D]{1,64}$/)
            .optional(),
        })
        .refine(({ startMs, endMs }) => endMs > startMs, 'endMs must come after startMs'),
    )
    .max(10_000)
    .optional(),
});

const recordedCallSchema = z.object({
  type: z.literal('call'),
  caller: z.string().default(''),
  callee: z.string().default(''),
  language: z.string().optional(),
  startedAt: z.string().optional(),
});

/** What lies beside a recording: `x.json` (utterances or a text), else `x.txt`; and `x.jsonl`, our own record. Throws FILE_UNREADABLE for what can't be read. */
export function readSidecars(recording: string): Labels {
  const base = recording.replace(/\.[^./\\]+$/, '');
  const json = readOptional(`${base}.json`);
  const labels: Labels = json === undefined ? textLabels(base) : parseJson(`${base}.json`, json);
  const record = readOptional(`${base}.jsonl`);
  return record === undefined ? labels : { ...recordLabels(record), ...labels };
}

function textLabels(base: string): Labels {
  const text = readOptional(`${base}.txt`)?.trim();
  return text === undefined ? {} : { text: text.slice(0, 100_000) };
}

function parseJson(file: string, text: string): Labels {
  try {
    const { language, text: whole, utterances } = sidecarSchema.parse(JSON.parse(text));
    return {
      ...(language === undefined ? {} : { language }),
      ...(whole === undefined ? {} : { text: whole }),
      ...(utterances === undefined ? {} : { utterances: utterances.map(defined) }),
    };
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new HearkenError('FILE_UNREADABLE', `${file} does not tell what is said in the recording: ${what}`, {
      hint: 'Write {"language":"zh-CN","utterances":[{"startMs":0,"endMs":1200,"text":"…","intent":"…","slots":{}}]} or {"text":"…"}, or move the file away.',
    });
  }
}

type Loose = { [Key in keyof LabelledUtterance]: LabelledUtterance[Key] | undefined };

function defined(utterance: Loose): LabelledUtterance {
  return Object.fromEntries(
    Object.entries(utterance).filter(([, value]) => value !== undefined),
  ) as unknown as LabelledUtterance;
}

/** Our own record tells the language, the time and the numbers of the call, and what was keyed in; what was understood then is no truth. */
function recordLabels(text: string): Labels {
  const events = parseRecord(text);
  const parsed = recordedCallSchema.safeParse(events[0]);
  if (!parsed.success) return {};
  const { caller, callee, language, startedAt } = parsed.data;
  const startedAtMs = startedAt === undefined ? Number.NaN : Date.parse(startedAt);
  return {
    ...(language === undefined ? {} : { language }),
    record: {
      startedAtMs: Number.isNaN(startedAtMs) ? undefined : startedAtMs,
      caller,
      callee,
      keys: keyedIn(events),
    },
  };
}

function readOptional(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR') return undefined;
    throw new HearkenError('FILE_UNREADABLE', `${file} can't be read: ${messageOf(error)}`, { cause: error });
  }
}
