import { resolve } from 'node:path';
import { configSchema } from '../../src/config.js';
import type { StageSettings } from '../../src/replay/pipeline/stage.js';

export const root = resolve(import.meta.dirname, '../..');

/** `besides`: as shipped, English ears hear what the Mandarin ones are not sure of. */
export function benchSettings(dataFolder: string, besides: boolean): StageSettings {
  const { recognizers } = configSchema.parse({}).speech;
  const mandarin = { 'zh-CN': recognizers['zh-CN'] ?? [] };
  return {
    config: configSchema.parse({
      store: { folder: dataFolder },
      ...(besides ? {} : { speech: { recognizers: mandarin } }),
    }),
    root,
    appEnvironment: { PATH: process.env.PATH ?? '' },
    workFolder: `${dataFolder}/work`,
    dialogue: true,
    allowEffects: false,
    atOnce: 32,
  };
}
