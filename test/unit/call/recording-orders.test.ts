import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { CallManager } from '../../../src/call/manager.js';
import { configSchema } from '../../../src/config.js';
import type { BotAction, RecordingOrder, UserInput } from '../../../src/dialogue/brain.js';
import { decodeWav } from '../../../src/dsp/wav.js';
import { FakeBrain, type FakeReply, say } from '../../../src/testing/fake-brain.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';
import { FakeMediaSession } from '../../../src/testing/fake-media-session.js';
import { FakeRecognizer } from '../../../src/testing/fake-recognizer.js';
import { FakeSynthesizer } from '../../../src/testing/fake-synthesizer.js';
import { eventually, removeFolder } from '../../support/processes.js';
import { AppHouse } from '../dialogue/app-house.js';
import { DeskCaller } from '../dialogue/voice-desk.js';

const folder = mkdtempSync(join(tmpdir(), 'hearken-orders-'));
const house = new AppHouse();
afterEach(async () => {
  removeFolder(folder);
  await house.close();
});

/** What callers type at the prompts of the fake application below: `1` → pause, and so on. */
const ORDERS: Readonly<Record<string, RecordingOrder>> = { '1': 'pause', '2': 'resume', '3': 'stop' };
const reply = (input: UserInput): FakeReply => {
  const order = input.type === 'dtmf' ? ORDERS[input.digits] : undefined;
  return order === undefined ? [say('您好')] : [{ type: 'recording', action: order }, say('好')];
};

const callManager = (clock: FakeClock, brain: FakeBrain, audio: boolean): CallManager =>
  new CallManager({
    config: configSchema.parse({ record: { audio } }),
    dataFolder: folder,
    recognizer: new FakeRecognizer(),
    synthesizer: new FakeSynthesizer(),
    brain,
    clock,
    logger: pino({ level: 'silent' }),
    apology: () => undefined,
    heard: [],
    music: undefined,
  });
const order = (action: RecordingOrder): BotAction => ({ type: 'recording', action });

/** A call whose greeting has been said; nothing of it is in the notices any more. */
async function answered(
  replies: (input: UserInput) => FakeReply,
): Promise<{ readonly clock: FakeClock; readonly session: FakeMediaSession }> {
  const clock = new FakeClock();
  const session = new FakeMediaSession(clock, {});
  callManager(clock, new FakeBrain(replies), false).accept(session);
  await clock.advance(6000);
  session.notices.length = 0;
  return { clock, session };
}

/** Orders, and when the first word was said. */
function toldBy(session: FakeMediaSession): readonly string[] {
  return session.notices.flatMap((notice) => {
    if (notice.type === 'recording') return [notice.action];
    return notice.type === 'state' && notice.state === 'speaking' ? ['speaking'] : [];
  });
}

describe('recording, as the application orders it', () => {
  it('is paused around what must not be kept: silence stands in its place, and a bridge that records is told', async () => {
    const clock = new FakeClock();
    const session = new FakeMediaSession(clock, {});
    const manager = callManager(clock, new FakeBrain(reply), true);
    manager.accept(session);
    const speak = async (ms: number): Promise<void> => {
      for (let passed = 0; passed < ms; passed += 20) {
        session.say(new Int16Array(160).fill(passed % 40 === 0 ? 500 : -500));
        await clock.advance(20);
      }
    };
    await speak(3000);
    for (const digit of ['1', '2', '3', '2']) {
      session.press(digit);
      await speak(6000);
    }
    session.leave();
    await eventually('the end of the call', () => manager.live === 0);

    expect(session.notices.filter(({ type }) => type === 'recording')).toEqual(
      ['pause', 'resume', 'stop', 'resume'].map((action) => ({ type: 'recording', action })),
    );
    const [file = ''] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.wav'),
    );
    const [caller = new Int16Array(0)] = decodeWav(readFileSync(join(folder, file))).channels;
    const loud = (fromMs: number, toMs: number): number =>
      caller.subarray(fromMs * 8, toMs * 8).filter((sample) => sample !== 0).length / ((toMs - fromMs) * 8);
    // More keys are waited for first: the orders come within the first half of each six seconds.
    expect(loud(500, 2900)).toBe(1);
    expect(loud(6500, 8900)).toBe(0);
    expect(loud(12_500, 14_900)).toBe(1);
    // What was stopped is not taken up again.
    expect(loud(18_500, 26_900)).toBe(0);
  });

  it.each<[string, FakeReply, string[]]>([
    ['goes on once the words before it have been said', [say('再见'), order('resume')], ['speaking', 'resume']],
    ['goes on at once when nothing is said before', [order('resume'), say('好')], ['resume', 'speaking']],
    ['is paused before words that stand before it', [say('请说卡号'), order('pause')], ['pause', 'speaking']],
    [
      'is paused when that was ordered last',
      [say('一'), order('start'), order('pause')],
      ['start', 'pause', 'speaking'],
    ],
    ['goes on at once when nothing is said at all', [order('resume')], ['resume']],
  ])('%s', async (_what, actions, expected) => {
    const { clock, session } = await answered((input) => (input.type === 'dtmf' ? actions : [say('您好')]));
    session.press('1');
    for (let round = 0; round < 500 && toldBy(session).length < expected.length; round++) await clock.advance(20);
    await clock.advance(500);
    expect(toldBy(session)).toEqual(expected);
    session.leave();
  });

  it('goes on when the words before it are interrupted', async () => {
    const { clock, session } = await answered((input) =>
      input.type === 'dtmf' ? [say('这是一段很长很长的话'.repeat(10)), order('resume')] : [say('您好')],
    );
    session.press('1');
    for (let round = 0; round < 500 && !toldBy(session).includes('speaking'); round++) await clock.advance(20);
    await clock.advance(500);
    expect(toldBy(session)).toEqual(['speaking']);
    session.press('2');
    await clock.advance(200);
    expect(toldBy(session)).toEqual(['speaking', 'resume']);
    session.leave();
  });

  it('is an action of its own in a rule', async () => {
    const brain = await house.brain(
      {
        'config.yml': 'language: en\n',
        'domain.yml':
          'intents: [pay, done]\nresponses:\n  utter_card: [{text: Your card number?}]\n  utter_thanks: [{text: Thank you.}]\n',
        'rules.yml': `rules:
  - rule: pay
    steps: [{intent: pay}, {action: action_pause_recording}, {action: utter_card}]
  - rule: done
    steps: [{intent: done}, {action: action_resume_recording}, {action: utter_thanks}]
`,
      },
      { 'i want to pay': 'pay', 'that is it': 'done' },
    );
    const caller = new DeskCaller(brain, undefined, 'text');
    const orders = async (text: string): Promise<unknown[]> =>
      (await caller.say(text)).result.actions.filter(({ type }) => type === 'recording');
    expect(await orders('i want to pay')).toEqual([{ type: 'recording', action: 'pause' }]);
    expect(await orders('that is it')).toEqual([{ type: 'recording', action: 'resume' }]);
  });
});
