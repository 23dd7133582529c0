import type { CapturedFrame } from './capture-frames.js';
import { MicrophoneError, openMicrophone, soundProblem } from './microphone.js';
import type { CaptureOrder, PlaybackOrder, PlaybackReport, WorkletOptions } from './worklet-messages.js';

export interface SoundListener {
  captured(frame: CapturedFrame): void;
  played(report: PlaybackReport): void;
  /** The microphone was unplugged, or the right to it taken back. */
  lost(): void;
}

/** Microphone and loudspeaker of one call, as the call uses them. */
export interface CallSound {
  /** False while the browser wants a click on this page first. */
  readonly running: boolean;
  /** To be called from a click. */
  resume(): Promise<void>;
  mute(muted: boolean): void;
  play(order: PlaybackOrder): void;
  close(): void;
}

/** The browser's: two worklets and a microphone. */
export class Sound implements CallSound {
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
    const problem = soundProblem(globalThis);
    if (problem !== undefined) throw new MicrophoneError(problem);
    // Made before the first wait: what a click allows is forgotten soon afterwards.
    const context = new AudioContext({ latencyHint: 'interactive' });
    let stream: MediaStream | undefined;
    try {
      stream = await openMicrophone(navigator.mediaDevices);
      await context.audioWorklet.addModule(script);
      return new Sound(context, stream, rate, listener);
    } catch (error) {
      for (const track of stream?.getTracks() ?? []) track.stop();
      await context.close();
      throw error;
    }
  }

  get running(): boolean {
    return this.#context.state === 'running';
  }

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
