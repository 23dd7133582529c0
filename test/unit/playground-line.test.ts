import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { configSchema } from '../../src/config.js';
import { peakDbfs } from '../../src/dsp/levels.js';
import { encodeWav } from '../../src/dsp/wav.js';
import { playgroundLine } from '../../src/playground-line.js';
import { FakeBrain, say } from '../../src/testing/fake-brain.js';
import { FakeMediaSession } from '../../src/testing/fake-media-session.js';
import { FakeRecognizer } from '../../src/testing/fake-recognizer.js';
import { FakeSynthesizer } from '../../src/testing/fake-synthesizer.js';
import { eventually } from '../support/processes.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-playground-line-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function setUp(app: string) {
  const ears = new FakeRecognizer();
  const voice = new FakeSynthesizer();
  const open = playgroundLine({
    // One language is enough here: its processes are real.
    config: configSchema.parse({
      speech: {
        recognizers: { 'zh-CN': ['asr-zh-phone'] },
        synthesizers: { 'zh-CN': ['tts-zh-yue'] },
        promptCacheDiskBytes: 0,
      },
    }),
    root,
    dataFolder: join(folder, 'data'),
    speech: { recognizer: ears, synthesizer: voice, models: [], close: async () => {} },
    logger: pino({ level: 'silent' }),
    apology: () => undefined,
  });
  const brain = new FakeBrain(() => [say('欢迎光临。')]);
  const watch = () => ({ event: () => {}, caller: () => {}, bot: () => {}, cutBot: () => {} });
  return { ears, voice, line: () => open({ app: { name: 'next', folder: app, live: false }, brain, watch }) };
}

it('an application with recordings of its own is heard and spoken by its own ears and voice, until its playground is over', async () => {
  const app = join(folder, 'next');
  mkdirSync(join(app, 'prompts'), { recursive: true });
  writeFileSync(join(app, 'prompts/welcome.wav'), encodeWav([new Int16Array(8000).fill(8000)], 8000));
  writeFileSync(join(app, 'prompts/prompts.tsv'), 'zh-CN\twelcome.wav\t欢迎光临。\n');
  const { ears, voice, line } = setUp(app);
  const taken = await line();
  const session = new FakeMediaSession(systemClock, {}, 'own');
  taken.accept(session);
  await eventually('its recording', () => session.played.some(({ samples }) => isFlat(samples)), 40_000);
  await taken.close();
  expect(session.ended).toBeDefined();
  expect([ears.streams.length, voice.spoken.length]).toEqual([0, 0]);
}, 180_000);

it('one without goes by the ears and the voice that callers have', async () => {
  const app = join(folder, 'next');
  mkdirSync(app);
  const { ears, voice, line } = setUp(app);
  const taken = await line();
  const session = new FakeMediaSession(systemClock, {}, 'shared');
  taken.accept(session);
  await eventually('the voice', () => voice.spoken.includes('欢迎光临。'));
  expect(ears.streams.length).toBeGreaterThan(0);
  await taken.close();
  expect(session.ended).toBeDefined();
});

/** Loud and without any swing: no voice makes that. */
function isFlat(samples: Int16Array): boolean {
  return peakDbfs(samples) > -30 && Math.max(...samples) - Math.min(...samples) < 100;
}
