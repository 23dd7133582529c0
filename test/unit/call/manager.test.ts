import { describe, expect, it } from 'vitest';
import { languageOf, maskNumber } from '../../../src/call/manager.js';
import { configSchema } from '../../../src/config.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';
import { FakeMediaSession } from '../../../src/testing/fake-media-session.js';
import { callFolder, greet, ring } from './ring.js';

const folder = callFolder();

describe('who calls', () => {
  it('the number dialled chooses the language', () => {
    const peer = new FakeMediaSession(new FakeClock(), { callee: 'sip:8001@pbx:5060;user=phone' }).peer;
    const { app } = configSchema.parse({ app: { languageByCallee: { '8001': 'en' } } });
    expect(languageOf(peer, app)).toBe('en');
    expect(languageOf({ ...peer, callee: 'sip:100@pbx' }, app)).toBe('zh-CN');
  });

  it('logs show the last digits only', () => {
    expect(maskNumber('sip:13800138000@pbx')).toBe('***000');
    expect(maskNumber('<sip:ab@pbx>')).toBe('***');
    expect(maskNumber('tel:+8613800138000')).toBe('***000');
  });
});

describe('a call for which there is no time', () => {
  it('is refused before it begins', () => {
    const call = ring(folder, greet);
    call.recognizer.capacity = 1;
    const second = new FakeMediaSession(call.clock, {}, '00000000-0000-4000-8000-000000000002');
    expect(() => call.manager.accept(second)).toThrow(/taken/);
    expect(call.manager.live).toBe(1);
    call.session.leave();
  });
});
