import type { Entity } from '../intent-model.js';
import { type Chain, makeChain } from './chain.js';
import { Decoder } from './decoder.js';
import { FeatureIndex } from './feature-index.js';
import { Phrases } from './features.js';
import { tokenize } from './tokens.js';
import type { TaggerData } from './train.js';

/** Longest utterance that is tagged, in tokens. */
const MAX_TOKENS = 120;
const CONFIDENCE = 0.85;

/** The trained tagger at run time. */
export class Tagger {
  readonly #chain: Chain;
  readonly #decoder: Decoder;
  readonly #features: FeatureIndex;
  readonly #phrases: Phrases;

  /** Throws when the parts of the data don't fit together. */
  constructor(data: TaggerData) {
    this.#chain = makeChain(data.tags);
    const emission = Int8Array.from(Buffer.from(data.emission, 'base64'), (byte) => (byte << 24) >> 24);
    const scales = new Float32Array(new Uint8Array(Buffer.from(data.scales, 'base64')).buffer);
    const states = this.#chain.tagOf.length;
    if (emission.length !== data.features.length * data.tags.length || scales.length !== data.features.length)
      throw new Error('the tagger has another size than its features and tags say');
    if (data.start.length !== states) throw new Error('the tagger has other states than its tags make');
    const transition = new Float32Array(states * states);
    for (let index = 0; index + 2 < data.transitions.length; index += 3) {
      const [from = 0, to = 0, weight = 0] = data.transitions.slice(index, index + 3);
      transition[from * states + to] = weight;
    }
    this.#features = new FeatureIndex(data.features);
    this.#phrases = new Phrases(data.phrases);
    const start = Float32Array.from(data.start);
    this.#decoder = new Decoder({
      chain: this.#chain,
      featureCount: data.features.length,
      emission,
      scales,
      transition,
      start,
    });
  }

  /** Entities of a text, values as said. */
  tag(text: string): Entity[] {
    const tokens = tokenize(text).slice(0, MAX_TOKENS);
    if (tokens.length === 0) return [];
    const features = this.#features.find(tokens, this.#phrases.match(tokens));
    const path = this.#decoder.decode(features);
    const entities: Entity[] = [];
    let open: { key: string; start: number; end: number } | undefined;
    const close = () => {
      if (open) entities.push(makeEntity(text, open));
      open = undefined;
    };
    path.forEach((state, at) => {
      const tag = this.#chain.tags[this.#chain.tagOf[state] ?? 0] ?? 'O';
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
