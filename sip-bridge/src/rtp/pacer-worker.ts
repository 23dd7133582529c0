import { parentPort } from 'node:worker_threads';
import { monotonicMs } from '../clock.js';
import { messageOf } from '../errors.js';
import { freeOpus, openOpus } from './codec/opus.js';
import { DeadlineSchedule } from './deadline.js';
import { FRAME_MS } from './packet.js';
import { PortAllocator } from './ports.js';
import { RtpSession, type SessionSink } from './session.js';
import { SrtpContext } from './srtp.js';
import { type ControlMessage, FramePacker, type StreamSettings, unpackPlayout, type WorkerMessage } from './wire.js';

/**
 * The thread that owns all RTP sockets and the one clock of all calls. Nothing else runs here, so a busy main thread (SIP, WebSockets, JSON) can't delay a packet.
 */

/** After a stall at most so many frames are sent at once. */
const CATCH_UP_FRAMES = 5;
/** Calls take turns within the 20 ms: a burst of all of them at once would keep what comes in waiting, and each other. */
const SLOTS = 4;
const SLOT_MS = FRAME_MS / SLOTS;
/** Received frames wait this long for others, so that a hundred calls do not make five thousand thread messages a second. */
const BATCH_MS = 4;
const LATE_TICK_MS = FRAME_MS / 2;

const port = parentPort;
if (!port) throw new Error('pacer-worker runs only as a worker thread');

const sessions = new Map<number, RtpSession>();
const allocator = new PortAllocator();
const packer = new FramePacker();
const schedule = new DeadlineSchedule(monotonicMs() + FRAME_MS, SLOT_MS, CATCH_UP_FRAMES * SLOTS);
let slot = 0;
const bySlot = Array.from({ length: SLOTS }, () => new Set<RtpSession>());
/** Frames that each slot's calls have lost to a stall and not been told of. */
const lost = new Array<number>(SLOTS).fill(0);
const counters = { lateTicks: 0, skippedFrames: 0, worstLateMs: 0 };
/** Sessions whose callers talk to each other. */
const joined = new Map<number, number>();
let batchDue = false;

function tell(message: WorkerMessage): void {
  port?.postMessage(message);
}

function flushFrames(): void {
  batchDue = false;
  if (packer.empty) return;
  const batch = packer.take();
  port?.postMessage(batch, [batch]);
}

function sinkOf(stream: number): SessionSink {
  return {
    frame(payload, rtpTimestamp, arrivalMs, kind) {
      const other = joined.get(stream);
      if (other !== undefined) {
        sessions.get(other)?.relay(payload);
        return;
      }
      packer.add(stream, payload, rtpTimestamp, arrivalMs, kind);
      if (batchDue) return;
      batchDue = true;
      setTimeout(flushFrames, BATCH_MS);
    },
    key: (key) => {
      const other = joined.get(stream);
      if (other !== undefined) sessions.get(other)?.sendDigits(key.digit, key.durationMs, () => undefined);
      tell({ type: 'key', stream, digit: key.digit, durationMs: key.durationMs });
    },
    mark: (name) => tell({ type: 'mark', stream, name }),
    cleared: (generation, playedMs) => tell({ type: 'cleared', stream, generation, playedMs }),
    overflow: (frames) => tell({ type: 'overflow', stream, frames }),
    latched: (remote) => tell({ type: 'latched', stream, address: remote.address, port: remote.port }),
    silent: (idleMs) => tell({ type: 'silent', stream, idleMs }),
    recorded: (batch) => port?.postMessage({ type: 'recorded', stream, batch } satisfies WorkerMessage, [batch]),
  };
}

function wake(): void {
  const nowMs = monotonicMs();
  const due = schedule.due(nowMs);
  if (due.frames > 0 && sessions.size > 0) {
    if (due.lateMs > LATE_TICK_MS) counters.lateTicks++;
    counters.skippedFrames += Math.round(due.skipped / SLOTS);
    counters.worstLateMs = Math.max(counters.worstLateMs, due.lateMs);
    passOver(due.skipped);
    for (let turn = 0; turn < due.frames; turn++) {
      const skipped = lost[slot] ?? 0;
      lost[slot] = 0;
      for (const session of bySlot[slot] ?? []) session.tick(nowMs, skipped);
      slot = (slot + 1) % SLOTS;
    }
  }
  setTimeout(wake, sessions.size === 0 ? FRAME_MS : Math.max(0, schedule.nextMs - monotonicMs()));
}

function passOver(turns: number): void {
  for (let index = 0; index < SLOTS; index++) lost[index] = (lost[index] ?? 0) + Math.floor(turns / SLOTS);
  for (let rest = turns % SLOTS; rest > 0; rest--) {
    lost[slot] = (lost[slot] ?? 0) + 1;
    slot = (slot + 1) % SLOTS;
  }
}

async function open(message: Extract<ControlMessage, { type: 'open' }>): Promise<void> {
  const { request, stream } = message;
  try {
    const ports = await allocator.open(message.host, message.portMin, message.portMax);
    const session = new RtpSession(ports, message, sinkOf(stream));
    sessions.set(stream, session);
    bySlot.reduce((least, calls) => (calls.size < least.size ? calls : least)).add(session);
    tell({ type: 'reply', request, value: ports.port });
  } catch (error) {
    tell({ type: 'refused', request, code: 'RTP_PORTS_EXHAUSTED', message: messageOf(error) });
  }
}

/** Negotiations of a stream that wait for a codec or for keys, in order. */
const configuring = new Map<number, Promise<void>>();

function configure(stream: number, settings: StreamSettings): void {
  const session = sessions.get(stream);
  if (!session) return;
  const before = configuring.get(stream);
  if (!before && settings.format.codec !== 'opus' && !settings.srtp) {
    session.configure(settings, {});
    return;
  }
  const done: Promise<void> = (before ?? Promise.resolve())
    .then(() => configureSlowly(session, stream, settings))
    .catch((error: unknown) => process.emitWarning(`RTP could not be set up: ${messageOf(error)}`))
    .finally(() => {
      if (configuring.get(stream) === done) configuring.delete(stream);
    });
  configuring.set(stream, done);
}

async function configureSlowly(session: RtpSession, stream: number, settings: StreamSettings): Promise<void> {
  const opus = settings.format.codec === 'opus' ? (session.opus ?? (await openOpus())) : undefined;
  const srtp = settings.srtp && (await SrtpContext.open(settings.srtp, session.srtp));
  // A call that ended meanwhile keeps nothing.
  if (sessions.get(stream) === session) session.configure(settings, { opus, srtp });
  else if (opus && opus !== session.opus) freeOpus(opus);
}

function control(message: ControlMessage): void {
  if (message.type === 'open') {
    void open(message);
    return;
  }
  if (message.type === 'stats') {
    tell({ type: 'reply', request: message.request, value: { streams: sessions.size, ...counters } });
    return;
  }
  const session = sessions.get(message.stream);
  if (message.type === 'close') {
    const value = session?.stats();
    session?.close();
    sessions.delete(message.stream);
    if (session) for (const calls of bySlot) calls.delete(session);
    const other = joined.get(message.stream);
    if (other !== undefined) {
      joined.delete(other);
      sessions.get(other)?.stopRelay();
    }
    joined.delete(message.stream);
    tell({ type: 'reply', request: message.request, value });
  } else if (message.type === 'report') {
    tell({ type: 'reply', request: message.request, value: session?.stats() });
  } else if (message.type === 'digits') {
    const done = (): void => tell({ type: 'reply', request: message.request, value: undefined });
    if (session) session.sendDigits(message.digits, message.durationMs, done);
    else done();
  } else if (message.type === 'join') {
    const other = sessions.get(message.with);
    if (!session || !other) return;
    joined.set(message.stream, message.with);
    joined.set(message.with, message.stream);
    session.relayFrom(other);
    other.relayFrom(session);
  } else if (message.type === 'configure') {
    configure(message.stream, message.settings);
  } else if (message.type === 'record') {
    session?.record(message.state);
    tell({ type: 'reply', request: message.request, value: undefined });
  } else if (message.type === 'announce') {
    const done = (): void => tell({ type: 'reply', request: message.request, value: undefined });
    if (session) session.announce(message.payload, done);
    else done();
  } else {
    session?.release();
  }
}

function playout(batch: ArrayBuffer): void {
  for (const record of unpackPlayout(batch)) {
    const session = sessions.get(record.stream);
    if (!session) continue;
    if (record.kind === 'audio') session.play(record.payload);
    else if (record.kind === 'mark') session.mark(record.name);
    else session.clear(record.generation);
  }
}

port.on('message', (message: ControlMessage | ArrayBuffer) => {
  if (message instanceof ArrayBuffer) playout(message);
  else control(message);
});

setTimeout(wake, FRAME_MS);
tell({ type: 'ready' });
