import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { HearkenError, messageOf } from '../../errors.js';
import { historyOf } from './ngram.js';

const MAX_BYTES = 64 * 1024 * 1024;

const baseSchema = z.strictObject({
  /** Counts of one to three characters in a row, joined by spaces; `<s>` begins a sentence. */
  ngrams: z.record(z.string(), z.number().positive()),
  /** How often each character was read how: phones joined by spaces. */
  readings: z.record(z.string(), z.record(z.string(), z.number().positive())),
});

/** Counts over the sentences a model was trained towards: what callers say whatever the application. */
export interface BaseText {
  readonly ngrams: readonly (readonly [gram: string, count: number])[];
  readonly readings: readonly (readonly [char: string, reading: string, count: number])[];
}

export const NO_BASE: BaseText = { ngrams: [], readings: [] };

/** Reads a model's `base-text.json.gz`. Throws MODEL_INVALID. */
export function loadBaseText(path: string): BaseText {
  try {
    const raw: unknown = JSON.parse(gunzipSync(readFileSync(path), { maxOutputLength: MAX_BYTES }).toString('utf8'));
    const { ngrams, readings } = baseSchema.parse(raw);
    return {
      ngrams: Object.entries(ngrams).map(([gram, count]) => [historyOf(...gram.split(' ')), count] as const),
      readings: Object.entries(readings).flatMap(([char, all]) =>
        Object.entries(all).map(([reading, count]) => [char, reading, count] as const),
      ),
    };
  } catch (error) {
    throw new HearkenError('MODEL_INVALID', `Cannot read the base text counts of ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
