import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { BotAction, UserMessage } from '../../../src/dialogue/brain.js';
import { withPatience } from '../../../src/dialogue/turn/patience.js';
import { MemorySessionStore } from '../../../src/store/memory-session-store.js';
import { Standstill } from '../../support/time.js';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
afterEach(() => house.close());

const FILES = {
  'config.yml': 'language: en\n',
  'domain.yml': `intents: [look, greet]
actions: [action_look]
responses:
  utter_hello: [{text: Hello.}]
  utter_found: [{text: Found it.}]
  utter_action_failed: [{text: Sorry.}]
`,
  'rules.yml': `rules:
  - rule: look
    steps: [{intent: look}, {action: action_look}]
  - rule: greet
    steps: [{intent: greet}, {action: utter_hello}]
`,
};
const action = (body: string) =>
  `import { setTimeout } from 'node:timers/promises';
export default { name: 'action_look', async run({ signal }) { ${body} return { say: ['utter_found'] }; } };`;
const message = (text: string, conversationId: string = randomUUID()): UserMessage => ({
  conversationId,
  messageId: randomUUID(),
  channel: 'voice',
  language: 'en',
  input: { type: 'text', text, confidence: 1 },
});

describe('a slow action', () => {
  it('lets the caller hear something within 1.5 s, and the reply does not say it again', async () => {
    const brain = await house.brain(
      { ...FILES, 'actions/look.ts': action('await setTimeout(1400, undefined, { signal });') },
      { look: 'look' },
    );
    const heard: { readonly text: string; readonly afterMs: number }[] = [];
    const standstill = new Standstill();
    const began = performance.now();
    const result = await brain.handle(message('look'), {
      onInterim: ({ text }) => heard.push({ text, afterMs: performance.now() - began }),
    });
    expect(heard.map(({ text }) => text)).toHaveLength(1);
    expect(heard[0]?.afterMs).toBeLessThan(1400 + standstill.worstMs);
    standstill.stop();
    const said = result.actions.flatMap((each: BotAction) => (each.type === 'say' ? [each.text] : []));
    expect(said).toEqual(['Found it.']);
  });

  it('that is fast is not talked over', async () => {
    const brain = await house.brain({ ...FILES, 'actions/look.ts': action('') }, { look: 'look' });
    // On a machine that stands still for a second in between, even this one is slow.
    let heard: string[] = [];
    for (let attempt = 0; attempt === 0 || (attempt < 5 && heard.length > 0); attempt++) {
      heard = [];
      await brain.handle(message('look'), { onInterim: ({ text }) => heard.push(text) });
    }
    expect(heard).toEqual([]);
  });

  it('is stopped when the caller is gone, and the turn is stored all the same', async () => {
    const sessions = new MemorySessionStore({ ttlMs: 60_000 });
    const brain = await house.brain(
      { ...FILES, 'actions/look.ts': action('await setTimeout(4000, undefined, { signal });') },
      { look: 'look' },
      { sessions },
    );
    const gone = new AbortController();
    const asked = message('look');
    const began = performance.now();
    setTimeout(() => gone.abort(), 50);
    const result = await brain.handle(asked, { signal: gone.signal });
    expect(performance.now() - began).toBeLessThan(3900);
    expect(result.actions.filter((each) => each.type === 'say' || each.type === 'transfer')).toEqual([]);
    expect((await sessions.get(asked.conversationId))?.version).toBe(1);
  });
});

describe('a very slow action', () => {
  afterEach(() => vi.useRealTimers());

  it('is spoken over again at a humane interval, and nothing is said once it is done', async () => {
    vi.useFakeTimers();
    const said: string[] = [];
    let done: (value: string) => void = () => undefined;
    const work = new Promise<string>((resolve) => {
      done = resolve;
    });
    const waiting = withPatience(work, { afterMs: 800, response: 'utter_counting', say: (name) => said.push(name) });
    await vi.advanceTimersByTimeAsync(799);
    expect(said).toEqual([]);
    await vi.advanceTimersByTimeAsync(1 + 16_000);
    expect(said).toEqual(['utter_counting', 'utter_counting', 'utter_counting']);
    done('result');
    expect(await waiting).toBe('result');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(said).toHaveLength(3);
  });
});

describe('a rehearsal', () => {
  it('gives what the turn will give and leaves nothing behind', async () => {
    const sessions = new MemorySessionStore({ ttlMs: 60_000 });
    const brain = await house.brain({ ...FILES, 'actions/look.ts': action('') }, { hi: 'greet' }, { sessions });
    const asked = message('hi');
    const rehearsed = await brain.rehearse(asked);
    expect(await sessions.get(asked.conversationId)).toBeUndefined();
    expect(await brain.handle(asked)).toEqual(rehearsed);
  });

  it('is not possible where an action would have to be run', async () => {
    const brain = await house.brain(
      { ...FILES, 'actions/look.ts': action('throw new Error("must not run");') },
      { look: 'look' },
    );
    expect(await brain.rehearse(message('look'))).toBeUndefined();
  });

  it('runs what only looks something up, once for the rehearsals and the turn together', async () => {
    const sessions = new MemorySessionStore({ ttlMs: 60_000 });
    const marks = join(await house.folder({ marks: '' }), 'marks');
    const look = `import { appendFileSync } from 'node:fs';
export default { name: 'action_look', lookup: true, run() { appendFileSync(${JSON.stringify(marks)}, 'x'); return { say: ['utter_found'] }; } };`;
    const brain = await house.brain({ ...FILES, 'actions/look.ts': look }, { look: 'look' }, { sessions });
    const asked = message('look');
    const rehearsed = await brain.rehearse(asked);
    expect(rehearsed?.actions).toContainEqual(expect.objectContaining({ type: 'say', text: 'Found it.' }));
    expect(await brain.rehearse(asked)).toEqual(rehearsed);
    expect(await sessions.get(asked.conversationId)).toBeUndefined();
    expect(await brain.handle(asked)).toEqual(rehearsed);
    expect(await readFile(marks, 'utf8')).toBe('x');
    // What was looked up for another turn is not good for this one.
    await brain.handle({ ...message('look', asked.conversationId) });
    expect(await readFile(marks, 'utf8')).toBe('xx');
  });

  it('of a lookup that fails is given up without a word, and the turn itself tries again', async () => {
    const look = `let tries = 0;
export default { name: 'action_look', lookup: true, run() { if (tries++ === 0) throw new Error('not now'); return { say: ['utter_found'] }; } };`;
    const brain = await house.brain({ ...FILES, 'actions/look.ts': look }, { look: 'look' });
    const asked = message('look');
    expect(await brain.rehearse(asked)).toBeUndefined();
    const { actions } = await brain.handle(asked);
    expect(actions).toContainEqual(expect.objectContaining({ type: 'say', text: 'Found it.' }));
  });
});
