import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { HearkenError } from '../../../src/errors.js';
import { startService, type TestService } from './service.js';
import { Visitor } from './visitor.js';

const MENU = [
  { title: '查订单', payload: '/order_status{"order_number": "8765"}' },
  { title: '<img src=x onerror=alert(1)>', payload: '我要退货' },
];

let service: TestService;
beforeAll(async () => {
  service = await startService();
  service.brain.reply = (input) => {
    const text = 'text' in input ? input.text : '';
    if (text === '出错') return new HearkenError('STORE_UNAVAILABLE', 'away');
    const say = { type: 'say', text: `关于${text}`, speech: '', bargeIn: true } as const;
    if (text !== '菜单') return [say];
    return [
      { ...say, buttons: MENU },
      { ...say, text: '还可以：', buttons: [{ title: '转人工', payload: '/human' }] },
    ];
  };
});
afterAll(() => service.stop());

const visitors: Visitor[] = [];
function visit(): Visitor {
  const visitor = new Visitor(service);
  visitors.push(visitor);
  return visitor;
}
afterEach(() => {
  for (const visitor of visitors.splice(0)) {
    visitor.conversation.hangUp();
    visitor.conversation.close();
  }
  vi.unstubAllGlobals();
});

const choices = ({ model }: Visitor) => model.lines.flatMap((line) => line.choices ?? []);
const lastTyped = () => {
  const input = service.brain.inputs.at(-1);
  return input?.type === 'text' ? input.text : undefined;
};

async function atMenu(): Promise<Visitor> {
  const visitor = visit();
  visitor.conversation.type('菜单');
  await visitor.until(({ lines, waiting }) => lines.length === 3 && !waiting);
  return visitor;
}

describe('the choices of a typed reply', () => {
  it('are shown with their lines and read out with them, at once', async () => {
    const visitor = await atMenu();
    expect(visitor.model.lines.map((line) => line.choices?.length ?? 0)).toEqual([0, 2, 1]);
    expect(visitor.announced).toEqual([
      { who: 'bot', text: '关于菜单 还可以：', choices: [...MENU, { title: '转人工', payload: '/human' }] },
    ]);
  });

  it('send what is behind them and show what is on them; then they are gone', async () => {
    const visitor = await atMenu();
    const [first] = choices(visitor);
    if (first === undefined) throw new Error('no choice');
    visitor.conversation.choose(first);
    // Pressed twice, or another one in haste: one answer is on its way.
    visitor.conversation.choose({ title: '转人工', payload: '/human' });
    await visitor.until(({ lines, waiting }) => lines.length === 5 && !waiting);
    expect(visitor.said.slice(3)).toEqual(['caller: 查订单', 'bot: 关于/order_status{"order_number": "8765"}']);
    expect(lastTyped()).toBe('/order_status{"order_number": "8765"}');
    expect(choices(visitor)).toEqual([]);
  });

  it('are gone when something else was typed', async () => {
    const visitor = await atMenu();
    visitor.conversation.type('你好');
    await visitor.until(({ lines, waiting }) => lines.length === 5 && !waiting);
    expect(choices(visitor)).toEqual([]);
  });

  it('stay when there was no answer, and can be taken then', async () => {
    const visitor = await atMenu();
    visitor.conversation.type('出错');
    await visitor.until(({ notice }) => notice === 'unanswered');
    expect(choices(visitor)).toHaveLength(3);
    visitor.conversation.choose({ title: '转人工', payload: '/human' });
    await visitor.until(({ lines, waiting }) => lines.length === 6 && !waiting);
    expect(lastTyped()).toBe('/human');
  });

  it('are gone when a call begins: there they are said, or keyed', async () => {
    const visitor = await atMenu();
    await visitor.conversation.talk();
    await visitor.until(({ phase }) => phase === 'live');
    expect(choices(visitor)).toEqual([]);
    const asked = service.brain.inputs.length;
    visitor.conversation.choose({ title: '转人工', payload: '/human' });
    expect(visitor.said).toHaveLength(3);
    expect(service.brain.inputs.length).toBe(asked);
  });

  it('go with the visitor to the next page; what is no choice there is left out', async () => {
    const kept = new Map<string, string>();
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    });
    const before = await atMenu();
    before.conversation.close();
    expect(choices(visit())).toEqual(choices(before));

    for (const [key, value] of kept) {
      const page = JSON.parse(value) as { lines: Record<string, unknown>[] };
      page.lines = page.lines.map((line, at) => ({
        ...line,
        choices: at === 1 ? [null, { title: 7, payload: '' }, { title: '', payload: 'x' }, MENU[0]] : 'all',
      }));
      kept.set(key, JSON.stringify(page));
    }
    expect(choices(visit())).toEqual([MENU[0]]);
  });
});
