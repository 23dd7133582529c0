import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configSchema } from '../../../src/config.js';
import { encodeWav } from '../../../src/dsp/wav.js';
import type { StageSettings } from '../../../src/replay/pipeline/stage.js';
import { seededRandom } from '../../../src/replay/statistics/random.js';
import { projectRoot, spokenParts } from '../../support/speech.js';

/** Short recordings for replay: one utterance each, cut out of the sample calls and varied by seeded noise, loudness and silence before it. */

const SAID: readonly (readonly [call: string, text: string])[] = [
  ['human', '转人工'],
  ['opening-hours', '营业时间是几点'],
  ['delivery-time', '什么时候能送到'],
  ['complaint', '我要投诉'],
  ['order-last-four', '查快递'],
  ['return', '我要退货'],
  ['order-slow', '查一下订单'],
  ['order-last-four', '八七六五'],
  ['order-status', '我要查订单'],
  ['opening-hours', '再见'],
];

export interface ShortCall {
  readonly file: string;
  readonly text: string;
}

/** Writes `count` recordings into the folder, WAV with what is said beside each. */
export function writeShortCalls(folder: string, count: number): readonly ShortCall[] {
  mkdirSync(folder, { recursive: true });
  return Array.from({ length: count }, (_, index) => {
    const [call, text] = SAID[index % SAID.length] ?? SAID[0] ?? ['human', '转人工'];
    const random = seededRandom(index + 1);
    const part = spokenParts(call).find((each) => each.text === text);
    if (!part) throw new Error(`${call} does not say ${text}`);
    const leadMs = 200 + Math.floor(random() * 20) * 20;
    const lead = leadMs * 8;
    const gain = 0.5 + random() * 0.5;
    const noise = 4 + random() * 40;
    const pcm = new Int16Array(lead + part.pcm.length + 1600);
    for (let at = 0; at < pcm.length; at++)
      pcm[at] = Math.round((part.pcm[at - lead] ?? 0) * gain + (random() - 0.5) * noise);
    const file = join(folder, `call-${String(index).padStart(2, '0')}.wav`);
    writeFileSync(file, encodeWav([pcm], 8000));
    const endMs = leadMs + (part.pcm.length / 8 - 300);
    writeFileSync(
      file.replace('.wav', '.json'),
      JSON.stringify({ language: 'zh-CN', utterances: [{ startMs: leadMs + 250, endMs, text }] }),
    );
    return { file, text };
  });
}

/** Settings for a stage whose data lies in `folder`. */
export function stageSettings(folder: string, changes: object = {}, atOnce = 16): StageSettings {
  return {
    config: configSchema.parse({ store: { folder }, ...changes }),
    root: projectRoot,
    appEnvironment: { PATH: process.env.PATH ?? '' },
    workFolder: join(folder, 'work'),
    dialogue: true,
    allowEffects: false,
    atOnce,
  };
}
