import { describe, expect, it } from 'vitest';
import type { TransferOutcome } from '../../../src/media/session.js';
import { say } from '../../../src/testing/fake-brain.js';
import { callFolder, ring } from './ring.js';

const folder = callFolder();

describe('a call that leaves us', () => {
  it('is handed over with its context when the announcement has been heard', async () => {
    const call = ring(folder, (input) =>
      input.type === 'dtmf'
        ? [
            say('请稍候'),
            { type: 'transfer', reason: '人工', summary: '要退货，订单"8765"', slots: { order_number: '8765' } },
          ]
        : [say('您好')],
    );
    await call.listen(1000);
    call.session.press('0');
    await call.listen(400);
    expect(call.session.transfers).toEqual([]);
    await call.listen(600);
    expect(call.session.transfers).toHaveLength(1);
    const [request] = call.session.transfers;
    expect(request?.target).toBe('sip:agent@127.0.0.1:5062');
    expect(decodeURIComponent(request?.headers?.['X-Hearken-Summary'] ?? '')).toBe('要退货，订单"8765"');
    expect(JSON.parse(decodeURIComponent(request?.headers?.['X-Hearken-Slots'] ?? ''))).toEqual({
      order_number: '8765',
    });
    expect(Object.values(request?.headers ?? {}).every((value) => /^[\x21-\x7e]*$/.test(value))).toBe(true);
    expect(call.session.ended?.cause).toBe('transferred');
    await call.over();
  });

  it('stays with the caller when the agent does not answer', async () => {
    const call = ring(folder, (input) => {
      if (input.type === 'event' && input.name === 'transfer_failed') return [say('坐席忙')];
      return input.type === 'dtmf' ? [{ type: 'transfer', reason: '人工', summary: '', slots: {} }] : [say('您好')];
    });
    call.session.outcomes = [{ outcome: 'failed', status: 486 }];
    await call.listen(1000);
    call.session.press('0');
    await call.listen(500);
    expect(call.synthesizer.spoken.at(-1)).toBe('坐席忙');
    expect(call.session.ended).toBeUndefined();
    await call.over();
  });

  it('is kept company while the agent does not answer', async () => {
    const call = ring(folder, (input) =>
      input.type === 'dtmf' ? [{ type: 'transfer', reason: '人工', summary: '', slots: {} }] : [say('您好')],
    );
    let settle: (outcome: TransferOutcome) => void = () => undefined;
    call.session.transfer = (request) => {
      call.session.transfers.push(request);
      return new Promise((resolve) => {
        settle = resolve;
      });
    };
    await call.listen(1000);
    call.session.press('0');
    await call.listen(15_000);
    expect(call.synthesizer.spoken.filter((text) => text === '请稍等。')).toHaveLength(2);
    settle({
      transferId: call.session.transfers[0]?.transferId ?? '',
      outcome: 'completed',
      status: 200,
      reason: 'OK',
    });
    await call.listen(40);
    expect(call.session.ended?.cause).toBe('transferred');
    await call.over();
  });

  it('hears music between the words while the agent does not answer, and none once they talk to us again', async () => {
    const TONE = 4321;
    const call = ring(
      folder,
      (input) => {
        if (input.type === 'event' && input.name === 'transfer_failed') return [say('坐席忙')];
        return input.type === 'dtmf' ? [{ type: 'transfer', reason: '人工', summary: '', slots: {} }] : [say('您好')];
      },
      {},
      [],
      undefined,
      (sampleRate) => new Int16Array(sampleRate * 2).fill(TONE),
    );
    let settle: (outcome: TransferOutcome) => void = () => undefined;
    call.session.transfer = (request) => {
      call.session.transfers.push(request);
      return new Promise((resolve) => {
        settle = resolve;
      });
    };
    const heard = (): number => call.session.played.filter(({ samples }) => samples[0] === TONE).length;
    await call.listen(1000);
    call.session.press('0');
    await call.listen(1000);
    expect(heard()).toBe(0);
    await call.listen(3500);
    // Two seconds of it, and again.
    expect(heard()).toBeGreaterThan(120);
    await call.listen(2000);
    expect(call.synthesizer.spoken).toContain('请稍等。');
    const before = heard();
    await call.listen(3000);
    expect(heard()).toBeGreaterThan(before + 50);
    const transferId = call.session.transfers[0]?.transferId ?? '';
    settle({ transferId, outcome: 'failed', status: 486, reason: 'busy' });
    await call.listen(500);
    const after = heard();
    await call.listen(3000);
    expect(heard()).toBe(after);
    expect(call.synthesizer.spoken).toContain('坐席忙');
    // What was not said is not in the conversation.
    expect(call.brain.heardTexts).not.toContain('');
    await call.over();
  });

  it('hangs up after the goodbye', async () => {
    const call = ring(folder, (input) =>
      input.type === 'dtmf' ? [say('再见'), { type: 'hangup', reason: 'done' }] : [say('您好')],
    );
    await call.listen(1000);
    call.session.press('0');
    await call.listen(300);
    expect(call.session.ended).toBeUndefined();
    await call.listen(400);
    expect(call.session.ended?.cause).toBe('normal');
    await call.over();
  });
});
