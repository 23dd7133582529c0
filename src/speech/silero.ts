import { InferenceSession, Tensor } from 'onnxruntime-node';

/**
 * Silero voice activity detection, versions 5 and 6, run directly in onnxruntime so that windows of many streams go through in one
 * call. Inputs of the model: `input` [N, context + window], `state` [2, N, 128], `sr`; outputs: probability [N, 1] and the
 * next state. Windows of 32 ms; the context is the end of the window before (snakers4/silero-vad, utils_vad.py).
 */

export type SileroRate = 8000 | 16_000;

/** Samples of a window: 32 ms. */
export function sileroWindow(rate: SileroRate): number {
  return rate === 8000 ? 256 : 512;
}

const LAYERS = 2;
const HIDDEN = 128;

function contextSamples(rate: SileroRate): number {
  return rate === 8000 ? 32 : 64;
}

/** What the model remembers of one stream. */
export class SileroState {
  readonly rate: SileroRate;
  readonly hidden = new Float32Array(LAYERS * HIDDEN);
  readonly context: Float32Array;

  constructor(rate: SileroRate) {
    this.rate = rate;
    this.context = new Float32Array(contextSamples(rate));
  }
}

export interface SileroItem {
  readonly state: SileroState;
  /** `sileroWindow(rate)` samples in [-1, 1]. */
  readonly window: Float32Array;
}

export class Silero {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  static async load(path: string): Promise<Silero> {
    const session = await InferenceSession.create(path, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
    });
    return new Silero(session);
  }

  /** Probability of voice in each window; the states move on. All items must be of one rate. */
  async run(items: readonly SileroItem[]): Promise<Float32Array> {
    const first = items[0];
    if (!first) return new Float32Array(0);
    const { rate } = first.state;
    const count = items.length;
    const context = contextSamples(rate);
    const width = context + sileroWindow(rate);
    const input = new Float32Array(count * width);
    const hidden = new Float32Array(LAYERS * count * HIDDEN);
    items.forEach(({ state, window }, row) => {
      input.set(state.context, row * width);
      input.set(window, row * width + context);
      for (let layer = 0; layer < LAYERS; layer++) {
        const part = state.hidden.subarray(layer * HIDDEN, (layer + 1) * HIDDEN);
        hidden.set(part, (layer * count + row) * HIDDEN);
      }
    });
    const outputs = await this.#session.run({
      input: new Tensor('float32', input, [count, width]),
      state: new Tensor('float32', hidden, [LAYERS, count, HIDDEN]),
      sr: new Tensor('int64', BigInt64Array.of(BigInt(rate)), []),
    });
    const next = outputs.stateN?.data as Float32Array;
    items.forEach(({ state, window }, row) => {
      for (let layer = 0; layer < LAYERS; layer++) {
        const start = (layer * count + row) * HIDDEN;
        state.hidden.set(next.subarray(start, start + HIDDEN), layer * HIDDEN);
      }
      state.context.set(window.subarray(window.length - context));
    });
    return outputs.output?.data as Float32Array;
  }
}
