import type { ErrorCode } from '../../errors.js';
import type { ParseOptions, ParseResult } from '../intent-model.js';

/** What the service's thread and the thread of the understanding say to each other. */

/** What the thread opens (its `workerData`); see `trainOrLoadForApp`. */
export interface ThreadOrder {
  readonly appFolder: string;
  readonly cacheFolder: string;
  readonly encoderFolder?: string;
  readonly seed?: number;
}

/** Ids grow; texts are answered in the order in which they were asked. */
export type Asked = readonly [id: number, text: string, options: ParseOptions];

export type Answered =
  | readonly [id: number, result: ParseResult]
  /** The model broke. */
  | readonly [id: number, result: null, error: SentError];

export interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Questions and answers cross as JSON: one string takes less time than the objects it stands for. */
export type ToThread = { readonly type: 'parse'; readonly asked: string } | { readonly type: 'close' };

export type FromThread =
  | { readonly type: 'ready'; readonly labels: readonly string[] }
  /** The model can't be opened. */
  | { readonly type: 'refused'; readonly error: SentError }
  | { readonly type: 'parsed'; readonly answered: string }
  /** For the log. */
  | { readonly type: 'told'; readonly facts: object; readonly message: string; readonly labels: readonly string[] };
