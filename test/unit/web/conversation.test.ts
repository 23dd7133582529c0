import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openMicrophone, soundProblem } from '../../../web/widget/src/audio/microphone.js';
import type { CallSound } from '../../../web/widget/src/audio/sound.js';
import type { Platform } from '../../../web/widget/src/platform.js';
import { WORDS } from '../../../web/widget/src/words.js';
import { startService, type TestCall, type TestService } from './service.js';
import { SilentSound, Visitor } from './visitor.js';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

const visitors: Visitor[] = [];
function visit(platform: Partial<Platform> = {}, to = service): Visitor {
  const visitor = new Visitor(to, platform);
  visitors.push(visitor);
  return visitor;
}

/** What a tab keeps from page to page. */
function tabStorage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

afterEach(() => {
  for (const visitor of visitors.splice(0)) {
    visitor.conversation.hangUp();
    visitor.conversation.close();
  }
  vi.unstubAllGlobals();
});

async function inCall(visitor: Visitor, at = service): Promise<TestCall> {
  await visitor.conversation.talk();
  await visitor.until(({ phase }) => phase === 'live');
  const call = at.calls.at(-1);
  if (call === undefined) throw new Error('no call came');
  return call;
}

/** What the service has got by now: the socket keeps the order, so all that was sent before. */
async function arrived({ session, events }: TestCall, visitor: Visitor): Promise<readonly string[]> {
  const end = `end ${Math.random()}`;
  const seen = new Promise<void>((resolve) => {
    session.on('text', (text) => text === end && resolve());
  });
  visitor.conversation.type(end);
  await seen;
  return events.filter((event) => event !== `text ${end}`);
}

describe('a call of the widget whose network goes', () => {
  it('is taken up again on another socket: the same call, the same conversation, and what was said stays', async () => {
    const visitor = visit();
    const call = await inCall(visitor);
    const { conversationId } = call.session.peer;
    const calls = service.calls.length;
    call.session.notify({ type: 'transcript', who: 'bot', text: '您好，请讲。', final: true });
    call.session.notify({ type: 'transcript', who: 'caller', text: '查订单', final: true });
    await visitor.until(({ lines }) => lines.length === 2);

    visitor.dropNetwork();
    await visitor.until(({ phase }) => phase === 'reconnecting');
    await visitor.until(({ phase }) => phase === 'live');
    expect(service.calls.length).toBe(calls);
    expect(call.session.peer.conversationId).toBe(conversationId);
    expect(visitor.said).toEqual(['bot: 您好，请讲。', 'caller: 查订单']);
    expect(visitor.model.notice).toBeUndefined();
    // For the page it is one call, and it can be used.
    expect(visitor.events).toEqual(['start']);
    visitor.conversation.key('5');
    expect(await arrived(call, visitor)).toEqual(['detached', 'resumed', 'key 5']);
    // What played is gone with the socket: the loudspeaker begins anew, in the service's generation.
    expect(visitor.sound?.orders.filter(({ type }) => type === 'begin')).toEqual([
      { type: 'begin', generation: 0 },
      { type: 'begin', generation: call.session.generation },
    ]);
  });

  it('comes back at once when the browser says that the network is back', async () => {
    const visitor = visit();
    const call = await inCall(visitor);
    // The widget's own waiting stands still, so only the news can wake it.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      visitor.dropNetwork();
      await visitor.until(({ phase }) => phase === 'reconnecting');
      visitor.network.dispatchEvent(new Event('online'));
      await visitor.until(({ phase }) => phase === 'live');
    } finally {
      vi.useRealTimers();
    }
    expect(call.events).toEqual(['detached', 'resumed']);
  });

  it('and stays away too long is lost: people are told, what was said stays, and they can call again', async () => {
    const hasty = await startService({ resumeWindowMs: 100 });
    try {
      const visitor = visit({}, hasty);
      const call = await inCall(visitor, hasty);
      call.session.notify({ type: 'transcript', who: 'caller', text: '查订单', final: true });
      await visitor.until(({ lines }) => lines.length === 1);
      visitor.dropNetwork();
      await visitor.until(({ phase }) => phase === 'idle');
      expect(visitor.model.notice).toBe('lost');
      expect(visitor.sound?.closed).toBe(true);
      expect(visitor.said).toEqual(['caller: 查订单']);
      const again = await inCall(visitor, hasty);
      expect(again).not.toBe(call);
      expect(again.session.peer.conversationId).toBe(call.session.peer.conversationId);
    } finally {
      await hasty.stop();
    }
  });

  it('goes on when it is the page that went, not the network', async () => {
    vi.stubGlobal('sessionStorage', tabStorage());
    const before = visit();
    const call = await inCall(before);
    call.session.notify({ type: 'transcript', who: 'caller', text: '查订单', final: true });
    await before.until(({ lines }) => lines.length === 1);
    before.conversation.close();
    expect(before.sound?.closed).toBe(true);

    const after = visit();
    expect(after.model.phase).toBe('reconnecting');
    expect(after.said).toEqual(['caller: 查订单']);
    await after.until(({ phase }) => phase === 'live');
    expect(await arrived(call, after)).toEqual(['detached', 'resumed']);
  });
});

describe('a visitor who signs out', () => {
  it('leaves nothing behind in the tab: the call ends, and whoever comes next begins a new conversation', async () => {
    vi.stubGlobal('sessionStorage', tabStorage());
    const before = visit();
    const call = await inCall(before);
    call.session.notify({ type: 'transcript', who: 'caller', text: '查订单', final: true });
    await before.until(({ lines }) => lines.length === 1);
    const hungUp = new Promise((resolve) => call.session.once('closed', resolve));
    before.conversation.forget();
    await hungUp;
    const after = visit();
    expect([after.said, after.model.phase]).toEqual([[], 'idle']);
    const next = await inCall(after);
    expect(next.session.peer.conversationId).not.toBe(call.session.peer.conversationId);
  });
});

describe('a microphone that is not to be had', () => {
  it.each([
    ['NotAllowedError', 'refused', /权限被拒绝/, /not allowed/, false],
    ['NotFoundError', 'missing', /没有找到麦克风/, /No microphone was found/, true],
    ['NotReadableError', 'inUse', /占用/, /uses the microphone/, false],
    ['TypeError', 'unsupported', /不支持语音/, /can’t do voice/, true],
  ] as const)('%s: people are told that it is %s, and can type', async (name, notice, zh, en, textOnly) => {
    const calls = service.calls.length;
    const visitor = visit({
      openSound: async () => {
        await openMicrophone({ getUserMedia: () => Promise.reject(new DOMException('', name)) });
        return new SilentSound();
      },
    });
    await visitor.conversation.talk();
    expect(visitor.model).toMatchObject({ phase: 'idle', notice, textOnly });
    expect(WORDS['zh-CN'].notices[notice]).toMatch(zh);
    expect(WORDS.en.notices[notice]).toMatch(en);
    expect(service.calls.length).toBe(calls);

    visitor.conversation.type('营业时间');
    await visitor.until(({ lines }) => lines.length === 2);
    expect(visitor.said).toEqual(['caller: 营业时间', 'bot: 您说的是营业时间']);
  });

  it('given back by another program, it takes the call that it did not take before', async () => {
    let busy = true;
    const visitor: Visitor = visit({
      openSound: async () => {
        if (busy)
          await openMicrophone({ getUserMedia: () => Promise.reject(new DOMException('', 'NotReadableError')) });
        return new SilentSound();
      },
    });
    await visitor.conversation.talk();
    expect(visitor.model.notice).toBe('inUse');
    busy = false;
    await inCall(visitor);
    expect(visitor.model.notice).toBeUndefined();
  });
});

describe('a service that does not take a call', () => {
  it('because all its lines are in use, is shown as busy, and typing goes on', async () => {
    const small = await startService({ maxSessions: 1 });
    try {
      await inCall(visit({}, small), small);
      const visitor = visit({}, small);
      await visitor.conversation.talk();
      await visitor.until(({ phase }) => phase === 'idle');
      expect(visitor.model).toMatchObject({ notice: 'busy', textOnly: false });
      expect(visitor.sound?.closed).toBe(true);
      visitor.conversation.type('你好');
      await visitor.until(({ lines }) => lines.length === 2);
      expect(visitor.model.notice).toBeUndefined();
    } finally {
      await small.stop();
    }
  });
});

describe('a page without a secure connection', () => {
  const plain = { isSecureContext: false, AudioWorkletNode: class {}, navigator: {} };

  it('offers typing only, and typing works', async () => {
    const visitor = visit({ soundProblem: () => soundProblem(plain) });
    expect(visitor.model.textOnly).toBe(true);
    visitor.conversation.type('你好');
    await visitor.until(({ lines }) => lines.length === 2);
    expect(visitor.said[1]).toBe('bot: 您说的是你好');
    expect(visitor.model).toMatchObject({ textOnly: true, phase: 'idle', notice: undefined });
  });

  it('is told from a browser that can’t, and from one that can', () => {
    const secure = { ...plain, isSecureContext: true };
    const devices = { mediaDevices: { getUserMedia: () => undefined } };
    expect(soundProblem(plain)).toBe('insecure');
    expect(soundProblem(secure)).toBe('unsupported');
    expect(soundProblem({ ...secure, AudioWorkletNode: undefined, navigator: devices })).toBe('unsupported');
    expect(soundProblem({ ...secure, navigator: devices })).toBeUndefined();
  });
});

describe('the language switch', () => {
  it('before anything was said sends nothing: the call begins in the new language', async () => {
    const visitor = visit();
    visitor.language = 'en';
    visitor.conversation.changeLanguage(WORDS['zh-CN'].otherLanguageWords);
    expect(visitor.said).toEqual([]);
    expect(visitor.model.waiting).toBe(false);
    const call = await inCall(visitor);
    expect(call.session.peer.route?.language).toBe('en');
    expect(await arrived(call, visitor)).toEqual([]);
  });

  it('in a call asks the service to change over, in the language that is wanted', async () => {
    const visitor = visit();
    const call = await inCall(visitor);
    call.session.notify({ type: 'transcript', who: 'bot', text: '您好。', final: true });
    await visitor.until(({ lines }) => lines.length === 1);
    visitor.language = 'en';
    visitor.conversation.changeLanguage(WORDS['zh-CN'].otherLanguageWords);
    expect(await arrived(call, visitor)).toEqual(['text Please speak English']);
  });

  it('in a typed conversation does the same', async () => {
    const visitor = visit();
    visitor.language = 'en';
    visitor.conversation.type('hello');
    await visitor.until(({ lines }) => lines.length === 2);
    visitor.language = 'zh-CN';
    visitor.conversation.changeLanguage(WORDS.en.otherLanguageWords);
    await visitor.until(({ lines }) => lines.length === 4);
    expect(visitor.said[2]).toBe('caller: 请说中文');
    expect(service.brain.messages.at(-2)?.language).toBe('en');
  });
});

describe('keys', () => {
  it('of a telephone go into the call in their order; others go nowhere', async () => {
    const visitor = visit();
    const call = await inCall(visitor);
    for (const key of ['1', 'Tab', '*', 'A', '', '10', '#', '0', ' ', '１']) visitor.conversation.key(key);
    expect(await arrived(call, visitor)).toEqual(['key 1', 'key *', 'key #', 'key 0']);
  });

  it('outside a call do nothing', () => {
    const visitor = visit();
    visitor.conversation.key('1');
    expect(visitor.model).toMatchObject({ phase: 'idle', notice: undefined });
  });
});

describe('a page that goes in the middle of something', () => {
  it('lets go of a microphone that is given to it afterwards, and calls nobody', async () => {
    const calls = service.calls.length;
    const sound = new SilentSound();
    let give: (sound: CallSound) => void = () => undefined;
    const visitor = visit({
      openSound: () =>
        new Promise((resolve) => {
          give = resolve;
        }),
    });
    const talking = visitor.conversation.talk();
    visitor.conversation.close();
    give(sound);
    await talking;
    expect(sound.closed).toBe(true);
    await inCall(visit());
    expect(service.calls.length).toBe(calls + 1);
  });

  it('opens no socket for what was typed just before', async () => {
    const visitor = visit();
    visitor.conversation.type('你好');
    visitor.conversation.close();
    // A visitor who came later has an answer: the first one's token has long been there.
    const later = visit();
    later.conversation.type('你好');
    await later.until(({ lines }) => lines.length === 2);
    expect(visitor.sockets).toBe(0);
    expect(later.sockets).toBe(1);
  });
});
