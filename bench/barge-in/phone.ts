import { monotonicMs, SipPhone } from '@hearken/sip-bridge';
import { findRecord } from '../../src/call/record.js';
import { decodeG711, encodeMulaw } from '../../src/dsp/g711.js';
import { rmsDbfs } from '../../src/dsp/levels.js';
import type { Stage } from '../turns/stage.js';

/** What a caller with a phone notices of an interruption, over SIP and RTP, through bridge and service as built. */
export interface AtPhone {
  /** From the first sound of the caller's voice to the last sound of the prompt; null when it did not fall silent, undefined when it happened to be silent just then. */
  readonly silentMs: number | null | undefined;
  /** From there to the decision that it stays so; null when it went on. */
  readonly stoppedMs: number | null;
}

const SOUND_DBFS = -45;
/** Longer than the pauses between a prompt's clauses. */
const SILENCE_MS = 350;
const SPEAKING_MS = 5000;

/** Calls, lets the greeting begin, speaks over it, and listens. `onsetMs`: where in `caller` (8 kHz) the voice begins. */
export async function interruptAtPhone(
  stage: Stage,
  caller: Int16Array,
  onsetMs: number,
  afterMs: number,
): Promise<AtPhone> {
  const phone = await SipPhone.create({ host: '127.0.0.1', user: 'interrupter', fillSilence: true });
  try {
    const call = await phone.call(stage.sip);
    await call.answered;
    const loud: number[] = [];
    call.on('audio', ({ codec, payload, arrivalMs }) => {
      if (rmsDbfs(decodeG711(codec === 'pcma' ? 'alaw' : 'mulaw', payload)) > SOUND_DBFS) loud.push(arrivalMs);
    });
    const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));
    for (let waited = 0; loud.length === 0 && waited < SPEAKING_MS; waited += 20) await wait(20);
    await wait(afterMs);
    const beganMs = monotonicMs() + onsetMs;
    void call.sendAudio(encodeMulaw(caller));
    await wait(caller.length / 8 + 1500);
    const { callId } = call;
    await call.hangup();
    // The prompt as it was when the voice began, up to its first silence that is longer than a pause of its own.
    const sounds = loud.filter((atMs) => atMs > beganMs - SILENCE_MS);
    const last = sounds.find((atMs) => !sounds.some((later) => later > atMs && later <= atMs + SILENCE_MS));
    // A frame that arrives is heard for 20 ms. Silent before: the prompt made a pause of its own just then.
    const silentMs = last === undefined || last <= beganMs ? undefined : last + 20 - beganMs;
    await wait(200);
    const events = (await findRecord(stage.dataFolder, callId))?.events ?? [];
    const decided = (name: string) => events.find((event) => event.type === 'decision' && event.name === name)?.atMs;
    const pausedAtMs = decided('bargeInPause');
    const stoppedAtMs = decided('bargeInStop');
    return {
      silentMs: pausedAtMs === undefined && stoppedAtMs === undefined ? null : silentMs,
      stoppedMs: stoppedAtMs === undefined ? null : stoppedAtMs - (pausedAtMs ?? stoppedAtMs),
    };
  } finally {
    await phone.close();
  }
}
