import type { CapturedFrame } from './capture-frames.js';
import type { CaptureOrder, PlaybackOrder, PlaybackReport, WorkletOptions } from './worklet-messages.js';

/** Why there is no microphone, in the words of the messages that people get. */
export type MicrophoneProblem = 'insecure' | 'refused' | 'missing' | 'busy' | 'unsupported';

export class MicrophoneError extends Error {
  readonly problem: MicrophoneProblem;

  constructor(problem: MicrophoneProblem) {
    super(problem);
    this.problem = problem;
  }
}

export interface SoundListener {
  captured(frame: CapturedFrame): void;
  played(report: PlaybackReport): void;
  /** The microphone was unplugged, or the right to it taken back. */
  lost(): void;
}

/** Whether speaking is possible here at all; browsers give microphones to secure contexts only. */
export function soundProblem(): MicrophoneProblem | undefined {
  if (!globalThis.isSecureContext) return 'insecure';
  if (typeof AudioWorkletNode !== 'function' || !navigator.mediaDevices?.getUserMedia) return 'unsupported';
  return undefined;
}

/** Microphone and loudspeaker of one call. */
export class Sound {
  readonly #context: AudioContext;
  readonly #stream: MediaStream;
  readonly #capture: AudioWorkletNode;
  readonly #playback: AudioWorkletNode;

  private constructor(context: AudioContext, stream: MediaStream, rate: number, listener: SoundListener) {
    this.#context = context;
    this.#stream = stream;
    const processorOptions: WorkletOptions = { rate };
    this.#capture = new AudioWorkletNode(context, 'hearken-capture', {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: 'explicit',
      processorOptions,
    });
    this.#playback = new AudioWorkletNode(context, 'hearken-playback', {
      numberOfInputs: 0,
      outputChannelCount: [1],
      processorOptions,
    });
    this.#capture.port.onmessage = ({ data }: MessageEvent<CapturedFrame>) => listener.captured(data);
    this.#playback.port.onmessage = ({ data }: MessageEvent<PlaybackReport>) => listener.played(data);
    context.createMediaStreamSource(stream).connect(this.#capture);
    this.#playback.connect(context.destination);
    for (const track of stream.getAudioTracks()) track.addEventListener('ended', () => listener.lost());
  }

  /**
   * Asks for the microphone and starts both directions. `script`: the address of this very script, which holds the processors too. Throws MicrophoneError.
   */
  static async open(script: string, rate: number, listener: SoundListener): Promise<Sound> {
    const problem = soundProblem();
    if (problem !== undefined) throw new MicrophoneError(problem);
    // Made before the first wait: what a click allows is forgotten soon afterwards.
    const context = new AudioContext({ latencyHint: 'interactive' });
    let stream: MediaStream | undefined;
    try {
      stream = await navigator.mediaDevices
        .getUserMedia({
          audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
        })
        .catch((error: unknown) => {
          throw new MicrophoneError(problemOf(error));
        });
      await context.audioWorklet.addModule(script);
      return new Sound(context, stream, rate, listener);
    } catch (error) {
      for (const track of stream?.getTracks() ?? []) track.stop();
      await context.close();
      throw error;
    }
  }

  /** False while the browser wants a click on this page first. */
  get running(): boolean {
    return this.#context.state === 'running';
  }

  /** To be called from a click. */
  async resume(): Promise<void> {
    await this.#context.resume();
  }

  mute(muted: boolean): void {
    this.#capture.port.postMessage({ type: 'mute', muted } satisfies CaptureOrder);
  }

  play(order: PlaybackOrder): void {
    if (order.type === 'audio') this.#playback.port.postMessage(order, [order.pcm.buffer]);
    else this.#playback.port.postMessage(order);
  }

  close(): void {
    for (const track of this.#stream.getTracks()) track.stop();
    this.#capture.port.postMessage({ type: 'end' } satisfies CaptureOrder);
    this.#playback.port.postMessage({ type: 'end' } satisfies PlaybackOrder);
    void this.#context.close();
  }
}

/** https://w3c.github.io/mediacapture-main/#dom-mediadevices-getusermedia lists the names. */
function problemOf(error: unknown): MicrophoneProblem {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return 'unsupported';
}
