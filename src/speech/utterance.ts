import { writtenEmail } from './grammar/email/spoken.js';
import { type Graph, plausibleText } from './graph.js';
import type { SherpaOnlineRecognizer, SherpaOnlineStream } from './sherpa.js';
import { RECOGNIZER_RATE } from './sherpa.js';
import { tidyRecognized } from './text.js';

/** One recogniser a graph; `general` is always among them when there is a recogniser at all. */
export type Recognizers = ReadonlyMap<Graph, SherpaOnlineRecognizer>;

export interface Track {
  readonly graph: Graph;
  readonly recognizer: SherpaOnlineRecognizer;
  readonly stream: SherpaOnlineStream;
  text: string;
  tokens: readonly string[];
  logProbabilities: readonly number[];
}

/**
 * One utterance on its way through the recogniser: a free pass, and beside it the graph of a narrow question while one is open. Its text is the one
 * that tells what was said best.
 */
export class Utterance {
  /** First sample of voice; refined when voice activity says when it began. */
  startSample: number;
  endSample: number;
  voicedSamples = 0;
  /** Sample at which `text` changed last. */
  textSince: number;
  stepsTold = 0;
  text = '';
  tokens: readonly string[] = [];
  logProbabilities: readonly number[] = [];
  readonly #tracks: Track[] = [];

  constructor(startSample: number) {
    this.startSample = startSample;
    this.endSample = startSample;
    this.textSince = startSample;
  }

  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  has(graph: Graph): boolean {
    return this.#tracks.some((track) => track.graph === graph);
  }

  /** Begins to listen through this graph; `heard`: what of the utterance it missed so far (16 kHz). */
  listen(graph: Graph, recognizers: Recognizers, heard: Float32Array = new Float32Array(0)): void {
    const recognizer = recognizers.get(graph);
    if (!recognizer || this.has(graph)) return;
    const stream = recognizer.createStream();
    if (heard.length > 0) stream.acceptWaveform({ samples: heard, sampleRate: RECOGNIZER_RATE });
    this.#tracks.push({ graph, recognizer, stream, text: '', tokens: [], logProbabilities: [] });
  }

  /** The narrow question is over: only the free pass (and the graph named) goes on. */
  narrowTo(graph: Graph): void {
    for (let index = this.#tracks.length - 1; index >= 0; index--) {
      const track = this.#tracks[index];
      if (track && track.graph !== 'general' && track.graph !== graph) this.#tracks.splice(index, 1);
    }
  }

  /** Mono, at the recogniser's rate. */
  give(samples: Float32Array): void {
    for (const { stream } of this.#tracks) stream.acceptWaveform({ samples, sampleRate: RECOGNIZER_RATE });
  }

  /** Asks every track for its text; true when the utterance's own changed. */
  refresh(): boolean {
    for (const track of this.#tracks) {
      const result = track.recognizer.getResult(track.stream);
      track.text =
        track.graph === 'email' ? writtenEmail(result.text.replace(/\s+/g, '')) : tidyRecognized(result.text);
      track.tokens = result.tokens.filter((token) => token.trim() !== '');
      track.logProbabilities = result.ys_probs ?? [];
    }
    const best = this.#best();
    const changed = best?.text !== undefined && best.text !== this.text;
    if (best) {
      this.text = best.text;
      this.tokens = best.tokens;
      this.logProbabilities = best.logProbabilities;
    }
    return changed;
  }

  #best(): Track | undefined {
    const free = this.#tracks.find(({ graph }) => graph === 'general');
    const narrow = this.#tracks.find(({ graph }) => graph !== 'general');
    if (!narrow || !free) return narrow ?? free;
    return plausibleText(narrow, free.text) === narrow.text && narrow.text !== '' ? narrow : free;
  }
}
