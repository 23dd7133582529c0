import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionTimer } from '../../../src/sip/session-timer.js';

describe('a session timer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function timer(): { timer: SessionTimer; log: string[] } {
    const log: string[] = [];
    return { log, timer: new SessionTimer({ refresh: () => log.push('refresh'), expired: () => log.push('expired') }) };
  }

  it('refreshes at half the interval when that is our part', () => {
    const { timer: t, log } = timer();
    t.restart({ seconds: 180, refresher: 'us' });
    vi.advanceTimersByTime(89_000);
    expect(log).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(log).toEqual(['refresh']);
  });

  it('ends the call shortly before the interval is over when the other side did not refresh', () => {
    const { timer: t, log } = timer();
    t.restart({ seconds: 90, refresher: 'them' });
    vi.advanceTimersByTime(50_000);
    t.restart({ seconds: 90, refresher: 'them' });
    vi.advanceTimersByTime(59_000);
    expect(log).toEqual([]);
    vi.advanceTimersByTime(1000);
    expect(log).toEqual(['expired']);
  });

  it('does nothing once stopped, or where none was agreed on', () => {
    const { timer: t, log } = timer();
    t.restart({ seconds: 90, refresher: 'us' });
    t.restart(undefined);
    t.restart({ seconds: 90, refresher: 'us' });
    t.stop();
    vi.advanceTimersByTime(200_000);
    expect(log).toEqual([]);
  });
});
