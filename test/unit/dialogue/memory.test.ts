import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FileProfileStore } from '../../../src/dialogue/profile/file-profile-store.js';
import { callerKey } from '../../../src/dialogue/profile/profile-store.js';
import { AppHouse } from './app-house.js';
import { DESK_FILES, DESK_WORDS, DeskCaller } from './voice-desk.js';

const house = new AppHouse();
afterEach(() => house.close());

const FILES = {
  ...DESK_FILES,
  'home.yml': `flows:
  home:
    description: where the caller lives
    nlu_trigger: [{intent: tell_state}]
    persisted_slots: [home_city, profile_consent]
    steps:
      - set_slots: [{home_city: 上海}]
      - collect: profile_consent
`,
  'forget.yml':
    'rules:\n  - rule: forget\n    steps: [{intent: forget}, {action: action_forget_me}]\nintents: [forget]\n',
};
const WORDS = { ...DESK_WORDS, 我住上海: 'tell_state', 忘了我: 'forget' };

describe('what outlives a conversation', () => {
  it('is kept only with consent, known at the next call, and erased at a wish', async () => {
    const folder = join(await house.folder({}), 'profiles');
    const profiles = await FileProfileStore.open(folder);
    const brain = await house.brain(FILES, WORDS, { profiles });
    const kept = async () => (await readdir(folder)).filter((name) => name.endsWith('.json'));

    const caller = new DeskCaller(brain, '+86 138 0013 8000');
    const asked = await caller.say('我住上海');
    expect(asked.texts.join()).toContain('记住这些信息');
    expect(await kept()).toEqual([]);
    await caller.say('对');
    expect(await kept()).toHaveLength(1);
    expect(await profiles.get('13800138000')).toMatchObject({
      slots: { home_city: '上海' },
      consent: { conversationId: caller.id, words: '对' },
    });
    // Who it is can't be read from the folder.
    expect(await readFile(join(folder, (await kept())[0] ?? ''), 'utf8')).not.toContain('13800138000');

    const again = new DeskCaller(brain, 'sip:13800138000@pbx.example.com');
    const known = await again.say('几点关门');
    expect(known.result.slots).toMatchObject({ home_city: '上海', profile_consent: true });
    expect((await new DeskCaller(brain, '13900139000').say('几点关门')).result.slots.home_city).toBeUndefined();

    const erased = await again.say('忘了我');
    expect(erased.texts.join()).toContain('删除');
    expect(await kept()).toEqual([]);
    expect((await new DeskCaller(brain, '13800138000').say('几点关门')).result.slots.home_city).toBeUndefined();
  });

  it('is not kept when the caller says no or is unknown', async () => {
    const folder = join(await house.folder({}), 'profiles');
    const brain = await house.brain(FILES, WORDS, { profiles: await FileProfileStore.open(folder) });
    for (const [sender, answer] of [
      ['13800138000', '不对'],
      [undefined, '对'],
    ] as const) {
      const caller = new DeskCaller(brain, sender);
      await caller.say('我住上海');
      await caller.say(answer);
    }
    expect((await readdir(folder)).filter((name) => name.endsWith('.json'))).toEqual([]);
  });

  it.each([
    ['+86 138 0013 8000', '13800138000'],
    ['sip:8613800138000@10.0.0.1:5060;user=phone', '13800138000'],
    ['tel:+442071838750', '442071838750'],
    ['sip:Anna@Example.com', 'anna'],
    ['user-7', 'user-7'],
  ])('%s is the caller %s', (sender, key) => expect(callerKey(sender)).toBe(key));
});

describe('a long conversation', () => {
  it('is remembered: the last turns in words, what mattered before in short', async () => {
    const brain = await house.brain(DESK_FILES, DESK_WORDS);
    const caller = new DeskCaller(brain);
    await caller.say('报修');
    await caller.say('20250415');
    await caller.say('屏幕上有一道裂痕');
    for (let count = 0; count < 20; count++) await caller.say('几点关门');
    const history = await brain.history(caller.id);
    expect(history?.lines).toHaveLength(24);
    expect(history?.lines.at(-1)).toMatchObject({ who: 'bot', text: '九点到六点。' });
    expect(history?.summary).toContain('20250415');
    expect(history?.summary.length).toBeLessThan(700);
    expect(await brain.history('nobody')).toBeUndefined();
  });

  it('is put into words by a summariser beside the turns, and a broken one harms nothing', async () => {
    const asked: number[] = [];
    let broken = false;
    const summarizer = {
      async summarize({ lines }: { readonly lines: readonly unknown[] }) {
        asked.push(lines.length);
        if (broken) throw new Error('no model');
        return '来电人要报修。';
      },
    };
    const brain = await house.brain(DESK_FILES, DESK_WORDS, { summarizer });
    const caller = new DeskCaller(brain);
    for (let count = 0; count < 20; count++) await caller.say('几点关门');
    broken = true;
    for (let count = 0; count < 10; count++) await caller.say('几点关门');
    expect(asked.length).toBeGreaterThan(2);
    expect((await brain.history(caller.id))?.summary).toBe('来电人要报修。');
  });
});
