import { describe, expect, it } from 'vitest';
import { DtmfMerger, DtmfReceiver, dtmfPayloads, type Key } from '../../../src/rtp/dtmf.js';

const digits = (keys: readonly Key[]): string => keys.map((key) => key.digit).join('');

function press(
  receiver: DtmfReceiver,
  digit: string,
  timestamp: number,
  atMs: number,
  drop: (index: number) => boolean = () => false,
): Key[] {
  return dtmfPayloads(digit, 100).flatMap((payload, index) =>
    drop(index) ? [] : receiver.accept(timestamp, payload, atMs + index * 20),
  );
}

describe('keys in RTP', () => {
  it('come out once each, with their length, though the end comes three times', () => {
    const receiver = new DtmfReceiver();
    expect(press(receiver, '5', 8000, 0)).toEqual([{ digit: '5', durationMs: 100 }]);
    expect(digits(press(receiver, '5', 12_000, 500))).toBe('5');
    expect(digits(press(receiver, '#', 16_000, 1000))).toBe('#');
  });

  it('survive the loss of the first packets, and of all but one end', () => {
    const receiver = new DtmfReceiver();
    expect(digits(press(receiver, '7', 8000, 0, (index) => index < 3 || index === 4))).toBe('7');
  });

  it('count as released when every end was lost', () => {
    const receiver = new DtmfReceiver();
    expect(press(receiver, '9', 8000, 0, (index) => index >= 4)).toEqual([]);
    expect(receiver.poll(150)).toEqual([]);
    expect(digits(receiver.poll(300))).toBe('9');
    // A late end packet of the same key is no second key.
    expect(press(receiver, '9', 8000, 400)).toEqual([]);
  });

  it('end when the next begins', () => {
    const receiver = new DtmfReceiver();
    press(receiver, '1', 8000, 0, (index) => index >= 4);
    expect(digits(press(receiver, '2', 9600, 120))).toBe('12');
  });

  it('ignore numbers that are no keys and packets that are too short', () => {
    const receiver = new DtmfReceiver();
    expect(receiver.accept(1, Uint8Array.of(16, 0x80, 0, 160), 0)).toEqual([]);
    expect(receiver.accept(2, Uint8Array.of(1, 0x80, 0), 0)).toEqual([]);
    expect(receiver.accept(3, new Uint8Array(0), 0)).toEqual([]);
  });
});

describe('a key told twice, by RTP and by INFO', () => {
  const five = { digit: '5', durationMs: 100 };

  it('counts once in either order', () => {
    const merger = new DtmfMerger();
    merger.eventsNegotiated = true;
    expect(digits(merger.fromRtp(five, 0))).toBe('5');
    expect(merger.fromInfo(five, 120)).toEqual([]);
    expect(merger.fromInfo(five, 5000)).toEqual([]);
    expect(digits(merger.fromRtp(five, 5100))).toBe('5');
    expect(merger.poll(10_000)).toEqual([]);
  });

  it('counts by INFO alone after a short wait', () => {
    const merger = new DtmfMerger();
    merger.eventsNegotiated = true;
    merger.fromInfo(five, 0);
    expect(merger.nextPollMs).toBe(300);
    expect(digits(merger.poll(300))).toBe('5');
    // Its RTP twin comes too late to be a second key.
    expect(merger.fromRtp(five, 500)).toEqual([]);
  });

  it('counts at once by INFO where events were not agreed on', () => {
    const merger = new DtmfMerger();
    expect(digits(merger.fromInfo(five, 0))).toBe('5');
    expect(digits(merger.fromInfo(five, 200))).toBe('5');
  });

  it('counts once however long it was pressed', () => {
    const merger = new DtmfMerger();
    merger.eventsNegotiated = true;
    const info = { digit: '5', durationMs: 250 };
    expect(merger.fromInfo(info, 0)).toEqual([]);
    expect(merger.poll(300)).toEqual([info]);
    expect(merger.fromRtp({ digit: '5', durationMs: 2500 }, 2500)).toEqual([]);
    expect(merger.fromRtp({ digit: '5', durationMs: 100 }, 4000)).toHaveLength(1);
  });

  it('pressed twice fast is two keys', () => {
    const merger = new DtmfMerger();
    merger.eventsNegotiated = true;
    expect(digits([...merger.fromRtp(five, 0), ...merger.fromRtp(five, 200)])).toBe('55');
    expect(merger.fromInfo(five, 210)).toEqual([]);
    expect(merger.fromInfo(five, 220)).toEqual([]);
    expect(merger.poll(2000)).toEqual([]);
  });
});
