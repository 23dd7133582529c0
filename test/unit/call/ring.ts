import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach } from 'vitest';
import type { Music } from '../../../src/call/hold-music.js';
import type { FirstWords } from '../../../src/call/language/first-words.js';
import { CallManager } from '../../../src/call/manager.js';
import { configSchema } from '../../../src/config.js';
import type { UserInput } from '../../../src/dialogue/brain.js';
import { FakeBrain, type FakeReply, say } from '../../../src/testing/fake-brain.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';
import { FakeMediaSession } from '../../../src/testing/fake-media-session.js';
import { FakeRecognizer, type FakeRecognizerStream } from '../../../src/testing/fake-recognizer.js';
import { FakeSynthesizer } from '../../../src/testing/fake-synthesizer.js';
import { eventually } from '../../support/processes.js';

/** Of the session that `ring` begins. */
export const ID = '00000000-0000-4000-8000-000000000001';

export const greet = (input: UserInput): FakeReply =>
  input.type === 'event' && input.name === 'start' ? [say('您好')] : [say('好')];

/** Calls of the test that runs: they write their records until they are over. */
const rung: { readonly session: FakeMediaSession; readonly manager: CallManager }[] = [];

async function ended(manager: CallManager): Promise<void> {
  await eventually('the end of the call', () => manager.live === 0);
}

/** A data folder of its own for each test of the file that calls this; gone when the test is over. */
export function callFolder(): { readonly path: string } {
  const folder = { path: '' };
  beforeEach(() => {
    folder.path = mkdtempSync(join(tmpdir(), 'hearken-call-'));
  });
  afterEach(async () => {
    for (const { session, manager } of rung.splice(0)) {
      session.leave();
      await ended(manager);
    }
    rmSync(folder.path, { recursive: true, force: true });
  });
  return folder;
}

/** A call that has just begun, with fakes on every side of it, on a clock that the test moves. */
export function ring(
  folder: { readonly path: string },
  reply: (input: UserInput) => FakeReply,
  settings: object = {},
  heard: readonly string[] = [],
  areOther?: FirstWords['areOther'],
  music?: Music,
  doubts?: FirstWords['doubts'],
) {
  const clock = new FakeClock();
  const session = new FakeMediaSession(clock, {}, ID);
  const recognizer = new FakeRecognizer();
  const synthesizer = new FakeSynthesizer();
  const brain = new FakeBrain(reply);
  const config = configSchema.parse({ handoff: { target: 'sip:agent@127.0.0.1:5062' }, ...settings });
  const apology = new Int16Array(8000).fill(1234);
  const manager = new CallManager({
    config,
    dataFolder: folder.path,
    recognizer,
    synthesizer,
    brain,
    clock,
    logger: pino({ level: 'silent' }),
    apology: () => apology,
    heard,
    ...(areOther ? { areOther } : {}),
    ...(doubts ? { doubts } : {}),
    music,
  });
  manager.accept(session);
  rung.push({ session, manager });
  const stream = recognizer.streams[0] as FakeRecognizerStream;
  /** The caller's line: 20 ms of audio each 20 ms, for `ms`. */
  const listen = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 20) {
      session.say(new Int16Array(160).fill(passed % 40 === 0 ? 500 : -500));
      await clock.advance(20);
    }
  };
  const speak = async (text: string, ms = 1000): Promise<void> => {
    stream.voice(true);
    await listen(ms);
    stream.partial(text);
    stream.voice(false);
  };
  const over = async (): Promise<void> => {
    await clock.advance(100);
    session.leave();
    await ended(manager);
  };
  return { clock, session, recognizer, synthesizer, brain, manager, stream, listen, speak, over };
}
