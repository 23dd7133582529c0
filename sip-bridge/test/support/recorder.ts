import type { HeardFrame, PhoneCall } from '../../src/index.js';

/** Everything a phone heard. */
export class Recorder {
  readonly frames: HeardFrame[] = [];

  constructor(call: PhoneCall) {
    call.on('audio', (frame) => {
      this.frames.push({ ...frame, payload: Uint8Array.from(frame.payload) });
    });
  }

  bytes(leg?: number): Uint8Array {
    const frames = this.frames.filter((frame) => leg === undefined || frame.leg === leg);
    return Uint8Array.from(Buffer.concat(frames.map((frame) => frame.payload)));
  }
}

/** Waits for a condition instead of for a time. */
export async function until(condition: () => boolean, what: string, limitMs = 30_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`${what}: not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
