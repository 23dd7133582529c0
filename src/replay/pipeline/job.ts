import type { Graph } from '../../speech/graph.js';
import type { Labels } from '../recordings/labels.js';

/** One recording to replay, with everything that is known of it: what crosses to a worker. */
export interface ReplayJob {
  readonly file: string;
  readonly path: string;
  /** SHA-256 of the file. */
  readonly content: string;
  readonly kind: 'call' | 'recognition';
  readonly timing: 'recorded' | 'answer';
  /** From 0; undefined: the caller's channel is found by itself. */
  readonly channel: number | undefined;
  readonly band: 'telephone' | 'line' | 'own';
  readonly language: string | undefined;
  readonly graph: Graph;
  /** Epoch ms at which the call begins. */
  readonly startedAtMs: number;
  readonly labels: Labels;
  /** What is said in it altogether. */
  readonly reference: string | undefined;
  readonly source: string;
  readonly speaker: string | undefined;
  readonly task: string | undefined;
  readonly trainedOn: boolean;
}
