import type { Graph } from './graph.js';
import type { Hotwords } from './sherpa.js';

/** Messages between the recogniser pool and its worker processes. Times are samples of the stream's own audio. */

export interface RecognizerWorkerInit {
  readonly type: 'init';
  /** Model name and where to look; undefined: voice activity only. */
  readonly recognizer: string | undefined;
  readonly vad: string;
  readonly root: string;
  readonly folders: readonly string[];
  readonly manifestFile?: string;
  readonly preRollMs: number;
  /** Graphs to load in place of, or beside, the model's own: absolute paths. */
  readonly graphs?: Readonly<Partial<Record<Graph, string>>>;
  /** Words to be expected anywhere, for models that take them. */
  readonly hotwords?: Hotwords;
}

export interface OpenMessage {
  readonly type: 'open';
  readonly handle: number;
  readonly sampleRate: number;
  /** Where the audio that follows begins: 0, or the start of what is replayed. */
  readonly startSample: number;
  readonly graph: Graph;
}

export interface ExpectMessage {
  readonly type: 'expect';
  readonly handle: number;
  readonly graph: Graph;
}

export interface CloseMessage {
  readonly type: 'close';
  readonly handle: number;
}

/** One for each tick: everything for all streams of this worker, in order. */
export interface WorkMessage {
  readonly type: 'work';
  readonly seq: number;
  readonly items: readonly WorkItem[];
}

export type WorkItem =
  | { readonly handle: number; readonly at: number; readonly pcm: Int16Array }
  | { readonly handle: number; readonly flushId: number }
  /** Ends a replay: the worker answers with what it now believes. */
  | { readonly handle: number; readonly sync: true };

/** Answer to one or more `work` messages; `seq` is the last one done. */
export interface DoneMessage {
  readonly type: 'done';
  readonly seq: number;
  readonly busyMs: number;
  readonly events: readonly StreamEvent[];
}

export type StreamEvent =
  | { readonly handle: number; readonly kind: 'voice'; readonly active: boolean; readonly atSample: number }
  | {
      readonly handle: number;
      readonly kind: 'partial';
      readonly text: string;
      readonly tokens: readonly string[];
      readonly stableSamples: number;
      readonly settled: boolean;
      readonly atSample: number;
      /** Audio that came since the model was asked before: its words may have been complete by so much earlier. */
      readonly unaskedSamples: number;
    }
  | {
      readonly handle: number;
      readonly kind: 'final';
      readonly flushId: number;
      readonly text: string;
      readonly confidence: number;
      readonly startSample: number;
      readonly endSample: number;
    }
  | { readonly handle: number; readonly kind: 'synced'; readonly active: boolean; readonly atSample: number };
