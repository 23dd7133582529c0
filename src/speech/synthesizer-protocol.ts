/** Messages between a voice's pool and its worker processes. */

export interface SynthesizerWorkerInit {
  readonly type: 'init';
  readonly model: string;
  readonly root: string;
  readonly folders: readonly string[];
  readonly manifestFile?: string;
  /** Read in place of the model's own (acoustic) model file. */
  readonly modelFile?: string;
}

export interface MakeMessage {
  readonly type: 'make';
  readonly requestId: number;
  /** Names the work for `cancel`. */
  readonly jobId: number;
  readonly text: string;
  readonly speed: number;
}

export interface CancelMessage {
  readonly type: 'cancel';
  readonly jobId: number;
}

export interface MadeMessage {
  readonly type: 'made';
  readonly requestId: number;
  readonly samples: Int16Array;
  readonly sampleRate: number;
  readonly error?: string;
}
