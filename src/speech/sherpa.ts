import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Graph } from './graph.js';
import type { Engine } from './manifest.js';
import { type InstalledModel, pathIn } from './registry.js';

/**
 * The part of sherpa-onnx-node that is used, typed, and the way from a model of the registry to its configuration. Loading it or
 * giving it a wrong configuration can end the process: only worker processes call `loadSherpa`.
 */

export interface SherpaOnlineStream {
  acceptWaveform(audio: { readonly samples: Float32Array; readonly sampleRate: number }): void;
  inputFinished(): void;
}

/** What `getResult` gives (1.13.8). `ys_probs` (log probabilities) is filled by transducers only; tokens may hold spaces. */
export interface SherpaOnlineResult {
  readonly text: string;
  readonly tokens: readonly string[];
  /** Seconds of the stream's audio at which each unit was emitted. */
  readonly timestamps: readonly number[];
  readonly ys_probs?: readonly number[];
}

export interface SherpaOnlineRecognizer {
  createStream(): SherpaOnlineStream;
  isReady(stream: SherpaOnlineStream): boolean;
  decodeStreams(streams: readonly SherpaOnlineStream[]): void;
  getResult(stream: SherpaOnlineStream): SherpaOnlineResult;
}

export interface SherpaAudio {
  readonly samples: Float32Array;
  readonly sampleRate: number;
}

export interface SherpaGenerationConfig {
  readonly sid: number;
  readonly speed: number;
  readonly silenceScale: number;
}

export interface SherpaTts {
  readonly sampleRate: number;
  generateAsync(request: {
    readonly text: string;
    readonly generationConfig: SherpaGenerationConfig;
    /** Return 0 to stop; one more chunk may still come. */
    readonly onProgress?: (chunk: { readonly samples: Float32Array; readonly progress: number }) => number;
  }): Promise<SherpaAudio>;
}

export interface Sherpa {
  readonly OnlineRecognizer: new (config: object) => SherpaOnlineRecognizer;
  readonly OfflineTts: new (config: object) => SherpaTts;
  readonly GenerationConfig: new (config: SherpaGenerationConfig) => SherpaGenerationConfig;
}

/** Hz every online model of sherpa-onnx takes its features at. */
export const RECOGNIZER_RATE = 16_000;

export function loadSherpa(): Sherpa {
  return createRequire(import.meta.url)('sherpa-onnx-node') as Sherpa;
}

/** Words to be expected anywhere. */
export interface Hotwords {
  /** Absolute path: UTF-8, one a line. */
  readonly file: string;
  /** What each of their tokens gains, in log probability. */
  readonly score: number;
}

export function takesHotwords({ model: { engine } }: InstalledModel): boolean {
  return engine.type === 'transducer' && engine.modelingUnit !== undefined;
}

/**
 * A configuration for each graph the model can decode over: `graphs` (absolute paths) in place of its own where they are given. A model that
 * needs no graph, or has only one, hears everything in its free pass.
 */
export function recognizerConfigs(
  installed: InstalledModel,
  graphs: Readonly<Partial<Record<Graph, string>>> = {},
  hotwords?: Hotwords,
): ReadonlyMap<Graph, object> {
  const { engine } = installed.model;
  const configs = new Map<Graph, object>([['general', onlineRecognizerConfig(installed, graphs.general, hotwords)]]);
  if (engine.type !== 'nemo-ctc' || engine.graph === undefined) return configs;
  for (const graph of ['digits', 'confirm', 'email'] as const) {
    const own = engine.graphs[graph];
    const file = graphs[graph] ?? (own === undefined ? undefined : pathIn(installed, own));
    // A wrong path would end the process; a narrow graph that is not there is merely not used.
    if (file !== undefined && existsSync(file)) configs.set(graph, onlineRecognizerConfig(installed, file));
  }
  return configs;
}

/** End points are off: the turn-taking reducer decides, and sherpa's rules would reset streams behind its back. */
export function onlineRecognizerConfig(installed: InstalledModel, graph?: string, hotwords?: Hotwords): object {
  const { engine } = installed.model;
  const path = (name: string) => pathIn(installed, name);
  const base = {
    featConfig: { sampleRate: RECOGNIZER_RATE, featureDim: 80 },
    decodingMethod: 'greedy_search',
    enableEndpoint: false,
  };
  const common = { numThreads: 1, provider: 'cpu', debug: 0 };
  if (engine.type === 'nemo-ctc') {
    return {
      ...base,
      modelConfig: { ...common, nemoCtc: { model: path(engine.model) }, tokens: path(engine.tokens) },
      ...(engine.graph === undefined
        ? {}
        : { ctcFstDecoderConfig: { graph: graph ?? path(engine.graph), maxActive: engine.maxActive } }),
    };
  }
  if (engine.type === 'transducer') {
    const { encoder, decoder, joiner, tokens, modelType, modelingUnit, bpeVocabulary } = engine;
    // Hot words need the search to follow several texts; the binding (1.13.8) takes them for a recogniser as a whole, not for a stream.
    const biased = hotwords && takesHotwords(installed) && existsSync(hotwords.file);
    return {
      ...base,
      ...(biased
        ? {
            decodingMethod: 'modified_beam_search',
            maxActivePaths: 4,
            hotwordsFile: hotwords.file,
            hotwordsScore: hotwords.score,
          }
        : {}),
      modelConfig: {
        ...(biased ? { modelingUnit } : {}),
        ...(biased && bpeVocabulary !== undefined ? { bpeVocab: path(bpeVocabulary) } : {}),
        ...common,
        transducer: { encoder: path(encoder), decoder: path(decoder), joiner: path(joiner) },
        tokens: path(tokens),
        ...(modelType === undefined ? {} : { modelType }),
      },
    };
  }
  throw new TypeError(`${installed.model.name} is not a recogniser`);
}

/** One sentence at a time, so that the first one can leave before the rest is made. `modelFile` stands in for the (acoustic) model. */
export function offlineTtsConfig(installed: InstalledModel, modelFile?: string): object {
  const { engine } = installed.model;
  const path = (name: string) => pathIn(installed, name);
  const optional = (key: string, name: string | undefined) => (name === undefined ? {} : { [key]: path(name) });
  const rules = (names: readonly string[]) => (names.length === 0 ? {} : { ruleFsts: names.map(path).join(',') });
  const common = { numThreads: 1, provider: 'cpu', debug: 0 };
  if (engine.type === 'vits') {
    const vits = {
      model: modelFile ?? path(engine.model),
      tokens: path(engine.tokens),
      ...optional('lexicon', engine.lexicon),
      ...optional('dataDir', engine.dataDir),
    };
    return { model: { ...common, vits }, maxNumSentences: 1, ...rules(engine.ruleFsts) };
  }
  if (engine.type === 'matcha') {
    const matcha = {
      acousticModel: modelFile ?? path(engine.acousticModel),
      vocoder: path(engine.vocoder),
      tokens: path(engine.tokens),
      ...optional('lexicon', engine.lexicon),
      ...optional('dataDir', engine.dataDir),
    };
    return { model: { ...common, matcha }, maxNumSentences: 1, ...rules(engine.ruleFsts) };
  }
  throw new TypeError(`${installed.model.name} is not a voice`);
}

/** Silence to push behind the last word; 0 for what is no recogniser. */
export function tailPaddingMs(engine: Engine): number {
  return 'tailPaddingMs' in engine ? engine.tailPaddingMs : 0;
}
