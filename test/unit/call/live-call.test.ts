import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { say } from '../../../src/testing/fake-brain.js';
import { callFolder, greet, ring } from './ring.js';

const folder = callFolder();

describe('a call', () => {
  it('greets, listens, and answers what was said', async () => {
    const call = ring(folder, (input) => (input.type === 'text' ? [say(`您说${input.text}`)] : [say('您好')]));
    await call.listen(1000);
    await call.speak('查订单');
    await call.listen(1500);
    expect(call.brain.inputs).toEqual([
      { type: 'event', name: 'start', attempt: 1 },
      { type: 'text', text: '查订单', confidence: 0.9 },
    ]);
    expect(call.synthesizer.spoken).toEqual(['您好', '您说查订单']);
    await call.listen(1200);
    expect(call.brain.heardTexts).toEqual(['您好', '您说查订单']);
    expect(call.session.notices).toContainEqual({ type: 'transcript', who: 'caller', text: '查订单', final: true });
    await call.over();
    expect(call.manager.live).toBe(0);
    expect(call.stream.closed).toBe(true);
  });

  it('says at once what bridges a slow action, and the answer after it', async () => {
    const call = ring(folder, (input) => (input.type === 'text' ? [say('到了')] : [say('您好')]));
    await call.listen(1000);
    let done: () => void = () => undefined;
    call.brain.interim = { say: say('正在查') as never, until: new Promise((resolve) => (done = resolve)) };
    await call.speak('查订单');
    await call.listen(900);
    expect(call.synthesizer.spoken).toEqual(['您好', '正在查']);
    done();
    await call.listen(200);
    // It is still being said; the answer waits for it.
    expect(call.synthesizer.spoken).toEqual(['您好', '正在查']);
    await call.listen(1500);
    expect(call.synthesizer.spoken).toEqual(['您好', '正在查', '到了']);
    expect(call.brain.heardTexts).toEqual(['您好', '正在查', '到了']);
    await call.over();
  });

  it('ends an answer that is complete sooner than one that is not', async () => {
    const answerAfter = async (complete: boolean): Promise<number> => {
      const call = ring(folder, greet);
      call.brain.assess = () => ({ complete, openNumber: false });
      await call.listen(1000);
      await call.speak('转人工');
      const before = call.clock.nowMs();
      while (call.brain.inputs.length < 2) await call.listen(20);
      const waited = call.clock.nowMs() - before;
      await call.over();
      rmSync(join(folder.path, 'calls'), { recursive: true });
      return waited;
    };
    expect(await answerAfter(true)).toBeLessThanOrEqual(280);
    expect(await answerAfter(false)).toBeGreaterThanOrEqual(680);
  });

  it('is interrupted, and remembers only what was heard', async () => {
    const call = ring(folder, () => [say('一二三四五六七八九十')]);
    await call.listen(1000);
    await call.speak('转人工', 300);
    await call.listen(100);
    expect(call.session.generation).toBeGreaterThan(0);
    expect(call.brain.heardTexts).toHaveLength(1);
    const heard = call.brain.heardTexts[0] ?? '';
    // 200 ms a character, voice began at 1000 ms and the prompt paused 200 ms later.
    expect('一二三四五六七八九十'.startsWith(heard)).toBe(true);
    expect(heard.length).toBeGreaterThanOrEqual(5);
    expect(heard.length).toBeLessThanOrEqual(7);
    await call.over();
  });
});

describe('a socket that was away for a while', () => {
  it('does not turn the next word into a no-match', async () => {
    const call = ring(folder, (input) => (input.type === 'text' ? [say('好')] : [say('您好')]));
    await call.listen(1000);
    call.session.detach();
    await call.clock.advance(6000);
    call.session.comeBack();
    await call.listen(400);
    await call.speak('查订单');
    await call.listen(1500);
    expect(call.brain.inputs.slice(1)).toEqual([{ type: 'text', text: '查订单', confidence: 0.9 }]);
    await call.over();
  });

  it('lets a prompt go on that a noise had paused', async () => {
    const call = ring(folder, () => [say('一二三四五六七八九十')]);
    await call.listen(500);
    call.stream.voice(true);
    await call.listen(300);
    call.session.detach();
    await call.clock.advance(1000);
    call.session.comeBack();
    await call.listen(3000);
    expect(call.brain.heardTexts).toEqual(['一二三四五六七八九十']);
    await call.over();
  });
});

describe('when a part fails, the caller never hears silence', () => {
  it('a dialogue that throws: a person takes over', async () => {
    const call = ring(folder, () => new Error('database away'));
    await call.listen(6000);
    expect(call.synthesizer.spoken.some((text) => text.includes('转接人工'))).toBe(true);
    expect(call.session.transfers).toHaveLength(1);
    await call.over();
  });

  it('and when nobody is there: a goodbye', async () => {
    const call = ring(folder, () => new Error('database away'));
    call.session.outcomes = [{ outcome: 'failed', status: 480 }];
    await call.listen(12_000);
    expect(call.synthesizer.spoken.at(-1)).toContain('请稍后再拨');
    expect(call.session.ended?.cause).toBe('error');
    await call.over();
  });

  it('a voice that is broken: the recorded apology, then a person', async () => {
    const call = ring(folder, () => [say('您好')]);
    call.synthesizer.broken = () => true;
    await call.listen(1500);
    expect(call.session.played.some((frame) => frame.samples[0] === 1234)).toBe(true);
    expect(call.session.transfers).toHaveLength(1);
    await call.over();
  });

  it('a recogniser that is gone for good: a person takes over', async () => {
    const call = ring(folder, () => [say('您好')]);
    await call.listen(1000);
    call.stream.fail('no worker is left');
    await call.listen(6000);
    expect(call.session.transfers).toHaveLength(1);
    await call.over();
  });
});
