import type { Entity } from '../intent-model.js';
import { Phrases, tokenFeatures } from './features.js';
import { type ChainModel, decode } from './perceptron.js';
import { tokenize } from './tokens.js';
import { constraints, type TaggerData } from './train.js';

/** Longest utterance that is tagged, in tokens. */
const MAX_TOKENS = 120;
const CONFIDENCE = 0.85;

/** The trained tagger at run time. */
export class Tagger {
  readonly #model: ChainModel;
  readonly #tags: readonly string[];
  readonly #features: Map<string, number>;
  readonly #phrases: Phrases;

  constructor(data: TaggerData) {
    const bytes = Buffer.from(data.emission, 'base64');
    const emission = Float32Array.from(
      new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length),
      (value) => value * data.emissionScale,
    );
    if (emission.length !== data.features.length * data.tags.length)
      throw new Error('the tagger has another size than its features and tags say');
    this.#tags = data.tags;
    this.#features = new Map(data.features.map((feature, index) => [feature, index]));
    this.#phrases = new Phrases(data.phrases);
    this.#model = {
      tagCount: data.tags.length,
      featureCount: data.features.length,
      emission,
      transition: Float32Array.from(data.transition),
      start: Float32Array.from(data.start),
      ...constraints(data.tags),
    };
  }

  /** Entities of a text, values as said. */
  tag(text: string): Entity[] {
    const tokens = tokenize(text).slice(0, MAX_TOKENS);
    if (tokens.length === 0) return [];
    const found = this.#phrases.match(tokens);
    const features = tokens.map((_, at) => {
      const ids: number[] = [];
      for (const feature of tokenFeatures(tokens, at, found)) {
        const id = this.#features.get(feature);
        if (id !== undefined) ids.push(id);
      }
      return Int32Array.from(ids);
    });
    const path = decode(this.#model, features);
    const entities: Entity[] = [];
    let open: { key: string; start: number; end: number } | undefined;
    const close = () => {
      if (open) entities.push(makeEntity(text, open));
      open = undefined;
    };
    path.forEach((number, at) => {
      const tag = this.#tags[number] ?? 'O';
      const token = tokens[at];
      if (!token) return;
      if (tag.startsWith('I-') && open) open.end = token.end;
      else {
        close();
        if (tag !== 'O') open = { key: tag.slice(2), start: token.start, end: token.end };
      }
    });
    close();
    return entities;
  }
}

function makeEntity(text: string, span: { key: string; start: number; end: number }): Entity {
  const [entity = '', role = '', group = ''] = span.key.split('|');
  const words = text.slice(span.start, span.end);
  return {
    entity,
    value: words,
    start: span.start,
    end: span.end,
    text: words,
    confidence: CONFIDENCE,
    ...(role === '' ? {} : { role }),
    ...(group === '' ? {} : { group }),
    extractor: 'tagger',
  };
}
