import { z } from 'zod';
import { ms } from './units.js';

/** How callers are heard and spoken to, and when it is whose turn. */

export const turnSchema = z.strictObject({
  /** Silence that ends an utterance of which nothing is known. */
  endSilenceMs: ms(700),
  /** The same when the expected slot is filled or an intent is certain. */
  endSilenceCompleteMs: ms(250),
  /** The same inside a number: people pause there. */
  endSilenceNumberMs: ms(1200),
  /** The same after half a sentence ("嗯，我想…"). */
  endSilenceDanglingMs: ms(1500),
  /** The same when the answer would be the goodbye: thanks come after a breath, and nobody should be hung up on in them. */
  endSilencePartingMs: ms(450),
  /** How long a partial must not change before it may count as complete. */
  stablePartialMs: ms(150),
  /** Silence of the caller after a question until we ask again. */
  noInputMs: ms(5000),
  maxNoInput: z.number().int().min(0).max(10).default(2),
  maxNoMatch: z.number().int().min(0).max(10).default(2),
  dtmfInterDigitMs: ms(3000),
  dtmfEndKey: z.string().length(1).default('#'),
  dtmfClearKey: z.string().length(1).default('*'),
  longestUtteranceMs: ms(15_000),
  /** Voice over a prompt: after this long playout pauses. */
  bargeInVoiceMs: ms(200),
  /** The same for voice that came into the thinking, before the prompt began. */
  bargeInThinkingMs: ms(400),
  /** Within this time after the pause words decide: go on or stop. */
  bargeInDecisionMs: ms(500),
  /** Voice that brings no words: after this long it counts as a no-match. */
  speechWithoutTextMs: ms(2000),
  /** Audio kept from before the voice began, for the first syllable. */
  preRollMs: ms(300),
  /** Longest wait for the brain before the caller hears something. */
  thinkingLimitMs: ms(8000),
  /** Said while the bot speaks, these do not stop it. */
  backchannels: z
    .array(z.string())
    .default([
      '嗯',
      '嗯嗯',
      '好',
      '好的',
      '哦',
      '噢',
      '啊',
      '对',
      '是',
      '是的',
      '行',
      'uh huh',
      'uh-huh',
      'mm',
      'mhm',
      'okay',
      'ok',
      'yeah',
      'right',
    ]),
});

export type TurnConfig = z.infer<typeof turnSchema>;

export const speechSchema = z
  .strictObject({
    recognizerWorkers: z.number().int().min(1).max(64).default(1),
    synthesizerWorkers: z.number().int().min(1).max(64).default(1),
    maxStreamsPerWorker: z.number().int().min(1).default(100),
    /** Share of a recogniser process's time above which new calls are refused, so that those on the line are not heard late. */
    highestLoad: z.number().min(0.05).max(1).default(0.8),
    /** Model names from the registry, in order of preference, per language; the first that is there is used. */
    recognizers: z.record(z.string(), z.array(z.string())).default({
      'zh-CN': ['asr-zh-en-small-bilingual', 'asr-zh-14m', 'asr-zh-multi-hans', 'asr-zh-phone'],
      en: ['asr-zh-en-small-bilingual', 'asr-en-phone'],
    }),
    synthesizers: z.record(z.string(), z.array(z.string())).default({
      'zh-CN': ['tts-zh-matcha-baker', 'tts-zh-en-melo', 'tts-zh-yue'],
      en: ['tts-en-piper-amy', 'tts-zh-en-melo'],
    }),
    vad: z.string().default('vad-silero'),
    /** Folder that `hearken grammar build` wrote; without it `<store.folder>/graphs/<application>` is used where it is there. */
    graphs: z.string().optional(),
    /** What was heard is taken for one of the words that the open question may be answered with, when it sounds nearly like it. */
    correctAnswers: z.boolean().default(true),
    /** Words that a transducer is to expect anywhere, one a line (UTF-8), and how much more likely each of their tokens becomes. Other models take no notice. */
    hotwordsFile: z.string().optional(),
    hotwordsScore: z.number().min(0).max(10).default(1.5),
    /** Memory for rendered prompts. */
    promptCacheBytes: z
      .number()
      .int()
      .min(0)
      .default(64 * 1024 * 1024),
    /** Disk for the same; 0 = none. */
    promptCacheDiskBytes: z
      .number()
      .int()
      .min(0)
      .default(256 * 1024 * 1024),
    promptCacheFolder: z.string().default('audio/cache'),
    /** HEARKEN_MODELS: further folders, separated by `:`, searched before `models/`. */
    modelFolders: z.array(z.string()).default([]),
  })
  .prefault({});
