import { CaptureFrames } from './capture-frames.js';
import { PlaybackQueue } from './playback-queue.js';
import type { CaptureOrder, PlaybackOrder, PlaybackReport, WorkletOptions } from './worklet-messages.js';

// The worklet's own global scope; TypeScript's library has only the page's.
declare const sampleRate: number;
declare function registerProcessor(
  name: string,
  processor: new (options: { processorOptions: WorkletOptions }) => unknown,
): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

/** Blocks (128 samples) between two reports of where the ear is: 43 ms at 48 kHz. */
const REPORT_BLOCKS = 16;

/** Called when this script is loaded into an AudioWorklet. */
export function registerProcessors(): void {
  class Capture extends AudioWorkletProcessor {
    readonly #frames: CaptureFrames;
    #muted = false;
    #ended = false;

    constructor({ processorOptions }: { processorOptions: WorkletOptions }) {
      super();
      this.#frames = new CaptureFrames(sampleRate, processorOptions.rate);
      this.port.onmessage = ({ data }: MessageEvent<CaptureOrder>) => {
        if (data.type === 'end') this.#ended = true;
        else this.#muted = data.muted;
      };
    }

    process([input]: Float32Array[][]): boolean {
      const block = input?.[0];
      if (block !== undefined)
        for (const frame of this.#frames.push(block, this.#muted)) this.port.postMessage(frame, [frame.pcm.buffer]);
      return !this.#ended;
    }
  }

  class Playback extends AudioWorkletProcessor {
    readonly #queue: PlaybackQueue;
    #blocks = 0;
    #peak = 0;
    #ended = false;

    constructor({ processorOptions }: { processorOptions: WorkletOptions }) {
      super();
      this.#queue = new PlaybackQueue(processorOptions.rate, sampleRate);
      this.port.onmessage = ({ data }: MessageEvent<PlaybackOrder>) => this.#obey(data);
    }

    #obey(order: PlaybackOrder): void {
      if (order.type === 'audio') this.#queue.push(order.pcm);
      else if (order.type === 'mark') this.#queue.mark(order.name);
      else if (order.type === 'clear') this.#tell(this.#queue.clear(order.generation));
      else if (order.type === 'begin') this.#queue.begin(order.generation);
      else this.#ended = true;
    }

    process(_inputs: unknown, [output]: Float32Array[][]): boolean {
      const out = output?.[0];
      if (out === undefined) return !this.#ended;
      for (const news of this.#queue.fill(out)) this.#tell(news);
      for (const sample of out) this.#peak = Math.max(this.#peak, Math.abs(sample));
      for (const other of output?.slice(1) ?? []) other.set(out);
      this.#blocks += 1;
      if (this.#blocks % REPORT_BLOCKS === 0) {
        const { playedMs, queuedMs, gaps, generation } = this.#queue;
        this.#tell({ type: 'played', playedMs, queuedMs, gaps, generation, peak: this.#peak });
        this.#peak = 0;
      }
      return !this.#ended;
    }

    #tell(report: PlaybackReport): void {
      this.port.postMessage(report);
    }
  }

  registerProcessor('hearken-capture', Capture);
  registerProcessor('hearken-playback', Playback);
}
