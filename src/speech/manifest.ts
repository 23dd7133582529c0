import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { HearkenError, messageOf } from '../errors.js';

/** What `models/manifest.json` may say. It is written by people; everything in it is checked before it names a file. */

/** A path inside a model's folder: relative, forward slashes, no way out. */
const innerPath = z
  .string()
  .min(1)
  .max(200)
  .refine((path) => !path.startsWith('/') && !path.includes('\\') && !path.split('/').includes('..'), {
    message: 'must be a relative path that stays inside the folder',
  });
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');
const bytes = z.number().int().min(1);

const recognizerTail = {
  /** Silence that must follow the last word before the model has said all it knows: its look-ahead plus one chunk. */
  tailPaddingMs: z.number().int().min(0).max(3000).default(640),
};

const engineSchema = z.discriminatedUnion('type', [
  /** NeMo CTC container; with `graph`, decoded over that OpenFst graph (and meaningless without it for phone models). */
  z.strictObject({
    type: z.literal('nemo-ctc'),
    model: innerPath,
    tokens: innerPath,
    graph: innerPath.optional(),
    /** Graphs for narrow questions; those whose file is there are used beside the free pass. */
    graphs: z
      .strictObject({ digits: innerPath.optional(), confirm: innerPath.optional(), email: innerPath.optional() })
      .default({}),
    maxActive: z.number().int().min(10).max(20_000).default(800),
    ...recognizerTail,
  }),
  z.strictObject({
    type: z.literal('transducer'),
    encoder: innerPath,
    decoder: innerPath,
    joiner: innerPath,
    tokens: innerPath,
    modelType: z.enum(['zipformer', 'zipformer2', 'lstm', 'conformer']).optional(),
    /** What a hot word is cut into; without it the model takes none. */
    modelingUnit: z.enum(['cjkchar', 'bpe', 'cjkchar+bpe']).optional(),
    bpeVocabulary: innerPath.optional(),
    ...recognizerTail,
  }),
  z.strictObject({
    type: z.literal('vits'),
    model: innerPath,
    tokens: innerPath,
    lexicon: innerPath.optional(),
    /** espeak-ng's data, for Piper voices. */
    dataDir: innerPath.optional(),
    ruleFsts: z.array(innerPath).default([]),
  }),
  z.strictObject({
    type: z.literal('matcha'),
    acousticModel: innerPath,
    vocoder: innerPath,
    tokens: innerPath,
    lexicon: innerPath.optional(),
    dataDir: innerPath.optional(),
    ruleFsts: z.array(innerPath).default([]),
  }),
  z.strictObject({ type: z.literal('silero'), model: innerPath }),
  z.strictObject({ type: z.literal('gtcrn'), model: innerPath }),
]);
export type Engine = z.infer<typeof engineSchema>;

const fileSchema = z.strictObject({
  path: innerPath,
  bytes: bytes.nullable(),
  /** null: nobody could tell it here; it is recorded at the first pull. */
  sha256: sha256.nullable(),
  /** Other places of the same file under a search folder. */
  elsewhere: z.array(innerPath).default([]),
  /** The same file inside an npm package that is a dependency: `package/path`. The last place looked at. */
  npm: z.string().optional(),
});
export type ModelFile = z.infer<typeof fileSchema>;

const sourceSchema = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }),
    unpack: z.literal('tar.bz2').optional(),
    /** Name in the model's folder for what is not unpacked. */
    saveAs: innerPath.optional(),
    bytes: bytes.nullable(),
    sha256: sha256.nullable(),
  })
  .refine((source) => (source.unpack === undefined) !== (source.saveAs === undefined), {
    message: 'needs either "unpack" or "saveAs"',
  });
export type ModelSource = z.infer<typeof sourceSchema>;

export const MODEL_KINDS = ['recognizer', 'synthesizer', 'vad', 'denoiser'] as const;
export type ModelKind = (typeof MODEL_KINDS)[number];

const ENGINES_OF: Readonly<Record<ModelKind, readonly Engine['type'][]>> = {
  recognizer: ['nemo-ctc', 'transducer'],
  synthesizer: ['vits', 'matcha'],
  vad: ['silero'],
  denoiser: ['gtcrn'],
};

const modelSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,63}$/),
    kind: z.enum(MODEL_KINDS),
    description: z.string(),
    /** BCP 47; `*` where language does not matter. */
    languages: z.array(z.string()).min(1),
    /** Hz the model hears or speaks. */
    sampleRate: z.number().int().min(8000).max(48_000),
    licence: z.string(),
    /** Ships in the repository. */
    builtIn: z.boolean().default(false),
    /** Its folder inside a search folder. */
    folder: innerPath,
    engine: engineSchema,
    files: z.array(fileSchema).min(1),
    sources: z.array(sourceSchema),
    note: z.string().optional(),
  })
  .refine((model) => ENGINES_OF[model.kind].includes(model.engine.type), {
    message: 'has an engine that does not fit its kind',
  });
export type Model = z.infer<typeof modelSchema>;

const manifestSchema = z
  .strictObject({ version: z.literal(1), models: z.array(modelSchema) })
  .refine((manifest) => new Set(manifest.models.map((model) => model.name)).size === manifest.models.length, {
    message: 'two models have the same name',
  });
export type Manifest = z.infer<typeof manifestSchema>;

/** Throws MODEL_INVALID that says which file, which key and what was expected. */
export function readManifest(file: string): Manifest {
  let tree: unknown;
  try {
    tree = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new HearkenError('MODEL_INVALID', `The model list ${file} can't be read: ${messageOf(error)}`, {
      hint: 'Restore it from the repository.',
      cause: error,
    });
  }
  const parsed = manifestSchema.safeParse(tree);
  if (!parsed.success) {
    throw new HearkenError('MODEL_INVALID', `The model list ${file} is not valid:\n${z.prettifyError(parsed.error)}`, {
      hint: 'Mend the entries named above.',
    });
  }
  return parsed.data;
}
