import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { languageOf } from '../../../src/call/manager.js';
import { greeted } from '../../../src/call/reply.js';
import { summaryOf, whisper } from '../../../src/call/whisper.js';
import { FakeClock } from '../../../src/testing/fake-clock.js';
import { FakeMediaSession } from '../../../src/testing/fake-media-session.js';
import { FakeSynthesizer } from '../../../src/testing/fake-synthesizer.js';

function start(headers: Record<string, string>) {
  const clock = new FakeClock();
  const session = new FakeMediaSession(clock, { purpose: 'whisper', headers });
  const synthesizer = new FakeSynthesizer();
  whisper({ session, synthesizer, language: 'zh-CN', leadMs: 200, clock, logger: pino({ level: 'silent' }) });
  return { clock, session, synthesizer };
}

describe('a whisper to an agent', () => {
  it('says the summary that came with the call, and hangs up when it was heard', async () => {
    const { clock, session, synthesizer } = start({ 'X-Hearken-Summary': encodeURIComponent('来电人要退款') });
    await clock.advance(500);
    expect(synthesizer.spoken).toEqual(['来电人要退款']);
    expect(session.ended).toBeUndefined();
    await clock.advance(3000);
    expect(session.ended?.cause).toBe('normal');
  });

  it.each([{}, { 'X-Hearken-Summary': '%E0%A4%A' }])('with nothing to say ends at once (%j)', async (headers) => {
    const { session } = start(headers);
    expect(session.ended?.cause).toBe('normal');
  });

  it('whose voice is broken lets the call go on', async () => {
    const clock = new FakeClock();
    const session = new FakeMediaSession(clock, { headers: { 'x-hearken-summary': 'refund' } });
    const synthesizer = new FakeSynthesizer();
    synthesizer.broken = () => true;
    whisper({ session, synthesizer, language: 'en', leadMs: 200, clock, logger: pino({ level: 'silent' }) });
    await clock.advance(100);
    expect(session.ended?.cause).toBe('normal');
  });

  it('finds the summary whatever the case of the header', () => {
    expect(summaryOf({ 'x-HEARKEN-summary': 'a%20b' })).toBe('a b');
  });
});

describe("a number's own settings", () => {
  const app = { folder: '', language: 'zh-CN', languageByCallee: { 100: 'en' } } as unknown as Parameters<
    typeof languageOf
  >[1];

  it('have the last word on the language', () => {
    const { peer } = new FakeMediaSession(new FakeClock(), { callee: 'sip:100@host' });
    expect(languageOf(peer, app)).toBe('en');
    expect(languageOf({ ...peer, route: { language: 'zh-CN' } }, app)).toBe('zh-CN');
  });

  it('replace the first words of a call, and no others', () => {
    const say = { type: 'say', text: '您好', speech: '您好', bargeIn: true } as const;
    const expect_ = { type: 'expect', expectation: { type: 'text' } } as const;
    const result = { actions: [say, expect_] } as unknown as Parameters<typeof greeted>[0];
    const startInput = { type: 'event', name: 'start', attempt: 1 } as const;
    const said = greeted(result, startInput, '这里是夜间服务').actions;
    expect(said).toMatchObject([{ type: 'say', text: '这里是夜间服务' }, { type: 'expect' }]);
    expect(greeted(result, { type: 'text', text: '你好', confidence: 1 }, 'x')).toBe(result);
    expect(greeted(result, startInput, undefined)).toBe(result);
  });
});
