import { describe, expect, it } from 'vitest';
import { StreamClock } from '../../../src/call/stream-clock.js';

describe('the time of the audio in the call', () => {
  it('begins with the first audio and ignores jitter', () => {
    const clock = new StreamClock();
    for (let frame = 0; frame < 100; frame++) clock.accept(500 + frame * 20 + (frame % 3) * 30, 20);
    expect(clock.callTimeMs(0)).toBe(500);
    expect(clock.callTimeMs(1000)).toBe(1500);
  });

  it('moves on when no audio came for a while, and only from there on', () => {
    const clock = new StreamClock();
    for (let frame = 0; frame < 50; frame++) clock.accept(frame * 20, 20);
    for (let frame = 0; frame < 50; frame++) clock.accept(7000 + frame * 20, 20);
    expect(clock.callTimeMs(900)).toBe(900);
    expect(clock.callTimeMs(1000)).toBe(7000);
    expect(clock.callTimeMs(1500)).toBe(7500);
  });

  it('does not believe the first frames that they came in time, when later ones come sooner', () => {
    const clock = new StreamClock();
    // Picking up took 300 ms; what had waited comes at once, and then 20 ms each 20 ms.
    for (let frame = 0; frame < 15; frame++) clock.accept(300, 20);
    for (let frame = 15; frame < 50; frame++) clock.accept(frame * 20, 20);
    expect(clock.callTimeMs(900)).toBe(900);
  });
});
