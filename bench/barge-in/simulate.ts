import { EchoGuard } from '../../src/call/echo-guard.js';
import { reduce } from '../../src/call/turn/reduce.js';
import { initialTurnState, nextDeadlineMs, type TurnEvent, type TurnState } from '../../src/call/turn/state.js';
import { VoiceOnset } from '../../src/call/voice-onset.js';
import { configSchema } from '../../src/config.js';
import { FrontEnd } from '../../src/dsp/front-end.js';
import { decodeMulaw, encodeMulaw } from '../../src/dsp/g711.js';
import type { RecognizerEngine } from '../../src/speech/recognizer-engine.js';
import type { StreamEvent, WorkItem } from '../../src/speech/recognizer-protocol.js';

const FRAME = 160;
const FRAME_MS = 20;
const config = configSchema.parse({}).turn;

export interface Scene {
  /** What the bot says, 8 kHz. */
  readonly prompt: Int16Array;
  /** What comes from the caller's side while it does: starts at `atMs`. */
  readonly caller: Int16Array;
  readonly atMs: number;
  /** The prompt comes back so late and so loud (share of its amplitude); undefined: no echo. */
  readonly echo?: { readonly delayMs: number; readonly gain: number };
}

export interface Outcome {
  readonly pausedAtMs: number | undefined;
  readonly stoppedAtMs: number | undefined;
  readonly stoppedBy: string | undefined;
}

let handles = 0;

/** Plays a scene to the real ears, echo guard and turn-taking, on the clock of its audio: the same scene always ends alike. */
export async function play(engine: RecognizerEngine, scene: Scene): Promise<Outcome> {
  const handle = ++handles;
  engine.open({ type: 'open', handle, sampleRate: 8000, startSample: 0, graph: 'general' });
  let state: TurnState = initialTurnState;
  let nowMs = 0;
  let playing = true;
  let paused = false;
  const outcome: { -readonly [Key in keyof Outcome]: Outcome[Key] } = {
    pausedAtMs: undefined,
    stoppedAtMs: undefined,
    stoppedBy: undefined,
  };
  let flushes: WorkItem[] = [];
  const dispatch = (event: TurnEvent): void => {
    const [next, effects] = reduce(state, event, config);
    state = next;
    for (const effect of effects) {
      if (effect.type === 'pausePlayout') {
        paused = true;
        outcome.pausedAtMs ??= nowMs;
        guard.cut(nowMs);
      } else if (effect.type === 'resumePlayout') paused = false;
      else if (effect.type === 'stopPlayout') {
        playing = false;
        outcome.stoppedAtMs ??= nowMs;
        guard.cut(nowMs);
      } else if (effect.type === 'flush') flushes.push({ handle, flushId: effect.flushId });
      else if (effect.type === 'decision' && effect.name === 'bargeInStop')
        outcome.stoppedBy = String(effect.detail?.text);
    }
  };
  const guard: EchoGuard = new EchoGuard({
    sampleRate: 8000,
    onChange: (active) => dispatch({ type: 'echo', atMs: nowMs, active }),
  });
  const tell = (event: StreamEvent): void => {
    if (event.kind === 'voice') {
      const voiceMs = event.atSample / 8;
      const sinceMs = event.active ? onset.before(voiceMs) : voiceMs;
      guard.voice(event.active, sinceMs);
      dispatch({ type: 'voice', atMs: nowMs, active: event.active, sinceMs });
    } else if (event.kind === 'partial' && event.text !== state.utterance?.text)
      dispatch({
        type: 'partial',
        atMs: nowMs,
        text: event.text,
        stableMs: event.stableSamples / 8,
        settled: event.settled,
      });
  };
  dispatch({ type: 'started', atMs: 0 });
  dispatch({
    type: 'reply',
    atMs: 0,
    turnId: 1,
    bargeIn: true,
    next: 'listen',
    expectation: { type: 'open' },
    noMatch: false,
  });
  const frontEnd = new FrontEnd(8000);
  const onset = new VoiceOnset(8000);
  const spoken = new Int16Array(scene.prompt.length + 8000 * 4);
  let position = 0;
  for (let at = 0; at + FRAME <= spoken.length && playing; at += FRAME) {
    nowMs = at / 8 + FRAME_MS;
    if (!paused && position < scene.prompt.length) {
      const frame = scene.prompt.subarray(position, position + FRAME);
      spoken.set(frame, at);
      guard.played(at / 8, frame);
      position += FRAME;
    }
    const line = decodeMulaw(encodeMulaw(lineAt(scene, spoken, at)));
    onset.heard(at / 8, line);
    const clean = frontEnd.process(line);
    const items: WorkItem[] = [...flushes.splice(0), { handle, at, pcm: clean }];
    flushes = [];
    for (const event of await engine.work(items)) tell(event);
    guard.heard(nowMs, line);
    for (let due = nextDeadlineMs(state); due !== undefined && due <= nowMs; due = nextDeadlineMs(state))
      dispatch({ type: 'time', atMs: due });
    if (position >= scene.prompt.length && at > (scene.atMs + 1500) * 8 + scene.caller.length) break;
  }
  engine.close(handle);
  return outcome;
}

/** A frame of the caller's line: their sound, the echo, a little noise. */
function lineAt({ caller, atMs, echo }: Scene, spoken: Int16Array, at: number): Int16Array {
  return Int16Array.from({ length: FRAME }, (_, n) => {
    const own = caller[at + n - atMs * 8] ?? 0;
    const back = echo
      ? echo.gain * ((spoken[at + n - echo.delayMs * 8] ?? 0) + 0.4 * (spoken[at + n - echo.delayMs * 8 - 70] ?? 0))
      : 0;
    const noise = ((((at + n) * 1103515245 + 12345) >>> 8) % 33) - 16;
    return Math.max(-32_768, Math.min(32_767, own + back + noise));
  });
}
