import { resolve } from 'node:path';
import { configSchema } from '../../src/config.js';
import type { ReplayJob } from '../../src/replay/pipeline/job.js';
import type { StageSettings } from '../../src/replay/pipeline/stage.js';

export const root = resolve(import.meta.dirname, '../..');

/** `besides`: as shipped, English is listened for beside Mandarin in the first answers. */
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

export function benchJob(path: string, changes: Partial<ReplayJob>): ReplayJob {
  return {
    file: path,
    path,
    content: Buffer.from(path).toString('hex').slice(-32).padStart(32, '0'),
    kind: 'call',
    timing: 'recorded',
    channel: undefined,
    band: 'line',
    language: undefined,
    graph: 'general',
    startedAtMs: Date.parse('2026-01-05T10:00:00+08:00'),
    labels: {},
    reference: undefined,
    source: '',
    speaker: undefined,
    task: undefined,
    trainedOn: false,
    ...changes,
  };
}
