import type { AnnotatedEntity, TrainingData } from '../corpus/training-data.js';
import { BUILT_IN_ENTITIES } from '../entities/types.js';
import { makeChain } from './chain.js';
import type { ChainModel } from './decoder.js';
import { Phrases, tokenFeatures } from './features.js';
import { type TaggedSentence, trainChain } from './perceptron.js';
import { type Token, tokenize } from './tokens.js';

/** A trained tagger as it lies in the model folder. */
export interface TaggerData {
  /** `O`, `B-city`, `I-city`, `B-city|departure|1` (entity, role, group). */
  readonly tags: readonly string[];
  readonly features: readonly string[];
  readonly phrases: Readonly<Record<string, readonly string[]>>;
  /** Int8, feature-major, base64. */
  readonly emission: string;
  /** Float32, little-endian, base64: what each feature's row is multiplied by. */
  readonly scales: string;
  /** Between states of the chain that `tags` make; those that are not zero, as `from, to, weight` one after the other. */
  readonly transitions: readonly number[];
  /** By state. */
  readonly start: readonly number[];
}

export interface TaggerOptions {
  readonly seed?: number;
  readonly epochs?: number;
  /** Tag also what built-in extractors read (for measuring on annotated sets). */
  readonly everything?: boolean;
}

/** Fewer annotated utterances than this teach nothing worth having. */
const FEWEST_ANNOTATED = 5;
const DEFAULT_EPOCHS = 12;
/** Chosen on the validation splits of SNIPS and ATIS among 0, 0.1, 0.2. */
const DROPOUT = 0.1;

/**
 * Trains the sequence tagger on annotated entities. Undefined when there are too few. What the built-in extractors read (numbers, dates, phone
 * numbers, …) is left to them.
 */
export function trainTagger(data: TrainingData, options: TaggerOptions = {}): TaggerData | undefined {
  const keep = (entity: AnnotatedEntity) => options.everything === true || !BUILT_IN_ENTITIES.has(entity.entity);
  const examples = data.examples.map((example) => ({
    tokens: tokenize(example.text),
    entities: example.entities.filter(keep),
  }));
  if (examples.filter((example) => example.entities.length > 0).length < FEWEST_ANNOTATED) return undefined;
  const tags = [
    'O',
    ...new Set(
      examples.flatMap(({ entities }) => entities.flatMap((entity) => [`B-${keyOf(entity)}`, `I-${keyOf(entity)}`])),
    ),
  ];
  const phrases = collectPhrases(data, examples);
  const matcher = new Phrases(phrases);
  const vocabulary = new Map<string, number>();
  const tagNumbers = new Map(tags.map((tag, index) => [tag, index]));
  const sentences: TaggedSentence[] = examples
    .filter(({ tokens }) => tokens.length > 0)
    .map(({ tokens, entities }) => {
      const found = matcher.match(tokens);
      const features = tokens.map((_, at) =>
        Int32Array.from(tokenFeatures(tokens, at, found), (feature) => {
          const known = vocabulary.get(feature) ?? vocabulary.size;
          vocabulary.set(feature, known);
          return known;
        }),
      );
      return { features, tags: Int32Array.from(tagsOf(tokens, entities), (tag) => tagNumbers.get(tag) ?? 0) };
    });
  const model = trainChain(sentences, makeChain(tags), vocabulary.size, {
    epochs: options.epochs ?? DEFAULT_EPOCHS,
    dropout: DROPOUT,
    seed: options.seed ?? 1,
  });
  return pack(model, tags, [...vocabulary.keys()], phrases);
}

export function keyOf(entity: Pick<AnnotatedEntity, 'entity' | 'role' | 'group'>): string {
  return entity.role === undefined && entity.group === undefined
    ? entity.entity
    : `${entity.entity}|${entity.role ?? ''}|${entity.group ?? ''}`;
}

/** BIO tags of tokens; a token belongs to an entity when it overlaps its span. */
export function tagsOf(tokens: readonly Token[], entities: readonly AnnotatedEntity[]): string[] {
  let inside: AnnotatedEntity | undefined;
  return tokens.map((token) => {
    const own = entities.find((entity) => token.start < entity.end && token.end > entity.start);
    const tag = own === undefined ? 'O' : `${own === inside ? 'I' : 'B'}-${keyOf(own)}`;
    inside = own;
    return tag;
  });
}

/** Lookup lists, and entity values that were annotated in more than one utterance: what is seen once would only be learnt by heart. */
function collectPhrases(
  data: TrainingData,
  examples: readonly { tokens: readonly Token[]; entities: readonly AnnotatedEntity[] }[],
): Record<string, string[]> {
  const out = new Map<string, Set<string>>();
  const add = (phrase: string, name: string) => out.set(phrase, (out.get(phrase) ?? new Set()).add(name));
  for (const lookup of data.lookups) {
    for (const value of lookup.values) add(phraseOf(tokenize(value)), lookup.name);
  }
  const counts = new Map<string, number>();
  for (const { tokens, entities } of examples) {
    for (const entity of entities) {
      const own = tokens.filter((token) => token.start < entity.end && token.end > entity.start);
      const key = `${phraseOf(own)}\t${entity.entity}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  for (const [key, count] of counts) {
    const [phrase = '', name = ''] = key.split('\t');
    if (count >= 2 && phrase !== '') add(phrase, name);
  }
  return Object.fromEntries([...out].map(([phrase, names]) => [phrase, [...names].sort()]));
}

function phraseOf(tokens: readonly Token[]): string {
  return tokens.map((token) => token.text).join(' ');
}

/** Drops features that came out with no weight, and quantises the rest, each with a scale of its own. */
function pack(
  model: ChainModel,
  tags: readonly string[],
  features: readonly string[],
  phrases: Record<string, string[]>,
): TaggerData {
  const width = tags.length;
  const kept: string[] = [];
  const scales: number[] = [];
  const rows: number[] = [];
  features.forEach((feature, index) => {
    const row = Array.from(model.emission.subarray(index * width, (index + 1) * width));
    const scale = Math.max(...row.map(Math.abs)) / 127;
    if (scale === 0) return;
    kept.push(feature);
    scales.push(scale);
    for (const value of row) rows.push(Math.round(value / scale));
  });
  const states = model.chain.tagOf.length;
  const transitions: number[] = [];
  model.transition.forEach((weight, index) => {
    if (weight !== 0) transitions.push(Math.floor(index / states), index % states, Number(weight.toFixed(3)));
  });
  return {
    tags,
    features: kept,
    phrases,
    emission: Buffer.from(Int8Array.from(rows).buffer).toString('base64'),
    scales: Buffer.from(Float32Array.from(scales).buffer).toString('base64'),
    transitions,
    start: Array.from(model.start, (value) => Number(value.toFixed(3))),
  };
}
