import { createSocket, type Socket } from 'node:dgram';
import { Spacing } from './spacing.js';

/**
 * All callers, in their own process: SIP over one UDP socket, RTP over one other, each call's packets on an absolute schedule of its own. Notes when the bridge's packets come.
 */

const [, , sipPortText = ''] = process.argv;
const SIP_PORT = Number(sipPortText);
const FRAME_MS = 20;
const PCMU_BYTES = 160;

interface Caller {
  readonly index: number;
  readonly callId: string;
  readonly invitedMs: number;
  toTag: string;
  contact: string;
  rtpPort: number;
  sequence: number;
  dueMs: number;
  lastMs: number;
  up: boolean;
  done(setupMs: number): void;
  ended(): void;
}

const callers = new Map<string, Caller>();
const byRtpPort = new Map<number, Caller>();
const spacing = new Spacing();
let counted = false;
let received = 0;
let sent = 0;
let failures = 0;
let made = 0;
let sip: Socket;
let rtp: Socket;

const bind = (): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = createSocket({
      ...{ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 },
      lookup: (address, _options, callback) => callback(null, address, 4),
    });
    socket.bind(0, '127.0.0.1', () => resolve(socket));
  });

function request(method: string, caller: Caller, cseq: number, body = ''): void {
  const port = sip.address().port;
  const lines = [
    `${method} ${caller.contact} SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK-${method}-${caller.callId};rport`,
    'Max-Forwards: 70',
    `From: <sip:bench${caller.index}@127.0.0.1>;tag=f${caller.index}`,
    `To: <sip:bot@127.0.0.1>${caller.toTag === '' ? '' : `;tag=${caller.toTag}`}`,
    `Call-ID: ${caller.callId}`,
    `CSeq: ${cseq} ${method}`,
    `Contact: <sip:bench@127.0.0.1:${port}>`,
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  sip.send(`${lines.join('\r\n')}\r\n\r\n${body}`, SIP_PORT, '127.0.0.1');
}

interface Answered {
  readonly caller: Caller;
  readonly setupMs: number;
}

/** Resolves when the call is answered. */
function dial(): Promise<Answered> {
  const index = ++made;
  return new Promise((resolve, reject) => {
    const callId = `bench-${process.pid}-${index}`;
    const limit = setTimeout(() => {
      failures++;
      callers.delete(callId);
      reject(new Error('no answer within 10 s'));
    }, 10_000);
    const caller: Caller = {
      ...{ index, callId, invitedMs: performance.now(), toTag: '', contact: `sip:bot@127.0.0.1:${SIP_PORT}` },
      ...{ rtpPort: 0, sequence: 0, dueMs: 0, lastMs: 0, up: false },
      done: (setupMs) => {
        clearTimeout(limit);
        resolve({ caller, setupMs });
      },
      ended: () => {},
    };
    callers.set(callId, caller);
    const sdp = `v=0\r\no=b 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio ${rtp.address().port} RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\na=sendrecv\r\n`;
    request('INVITE', caller, 1, sdp);
  });
}

function hangup(caller: Caller): Promise<void> {
  caller.up = false;
  byRtpPort.delete(caller.rtpPort);
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(limit);
      callers.delete(caller.callId);
      resolve();
    };
    const limit = setTimeout(done, 2000);
    caller.ended = done;
    request('BYE', caller, 2);
  });
}

function onSip(text: string): void {
  const callId = /^Call-ID: (.*)\r$/im.exec(text)?.[1] ?? '';
  const caller = callers.get(callId);
  if (!caller || !text.startsWith('SIP/2.0 ')) return;
  const status = Number(text.slice(8, 11));
  if (status < 200) return;
  if (/^CSeq: \d+ BYE/im.test(text)) {
    caller.ended();
    return;
  }
  if (status >= 300) {
    failures++;
    return;
  }
  caller.toTag = /^To: .*;tag=([^;\s]+)/im.exec(text)?.[1] ?? '';
  caller.contact = /^Contact: <([^>]+)>/im.exec(text)?.[1] ?? caller.contact;
  request('ACK', caller, 1);
  if (caller.up) return;
  caller.up = true;
  caller.rtpPort = Number(/^m=audio (\d+)/m.exec(text)?.[1]);
  byRtpPort.set(caller.rtpPort, caller);
  // Callers do not speak in step.
  caller.dueMs = performance.now() + ((caller.index * 7) % FRAME_MS);
  caller.done(performance.now() - caller.invitedMs);
}

const packet = Buffer.alloc(12 + PCMU_BYTES, 0x55);
function pump(): void {
  const nowMs = performance.now();
  for (const caller of callers.values()) {
    if (!caller.up || caller.dueMs > nowMs) continue;
    caller.dueMs += FRAME_MS;
    if (nowMs - caller.dueMs > 200) caller.dueMs = nowMs;
    caller.sequence = (caller.sequence + 1) & 0xffff;
    const out = Buffer.from(packet);
    out.writeUInt16BE(0x8000, 0);
    out.writeUInt16BE(caller.sequence, 2);
    out.writeUInt32BE(caller.sequence * PCMU_BYTES, 4);
    out.writeUInt32BE(caller.index, 8);
    rtp.send(out, caller.rtpPort, '127.0.0.1', () => {});
    sent++;
  }
  setTimeout(pump, 1);
}

async function ramp(count: number, perSecond: number): Promise<number> {
  const startMs = performance.now();
  const calls: Promise<Answered>[] = [];
  for (let index = 0; index < count; index++) {
    const waitMs = startMs + (index * 1000) / perSecond - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    calls.push(dial());
  }
  await Promise.allSettled(calls);
  return performance.now() - startMs;
}

/** Calls that come and go, `atOnce` of them being set up at any time. */
async function churn(count: number, atOnce: number): Promise<{ perSecond: number; setupMs: number[] }> {
  const startMs = performance.now();
  const setupMs: number[] = [];
  let left = count;
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      const answered = await dial().catch(() => undefined);
      if (!answered) continue;
      setupMs.push(answered.setupMs);
      await hangup(answered.caller);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return { perSecond: (count * 1000) / (performance.now() - startMs), setupMs };
}

type Order =
  | { readonly order: 'ramp'; readonly count: number; readonly perSecond: number }
  | { readonly order: 'count' }
  | { readonly order: 'report' }
  | { readonly order: 'churn'; readonly count: number; readonly atOnce: number }
  | { readonly order: 'hangup' };

async function obey(message: Order): Promise<unknown> {
  if (message.order === 'ramp') return { tookMs: await ramp(message.count, message.perSecond) };
  if (message.order === 'churn') return churn(message.count, message.atOnce);
  if (message.order === 'hangup') {
    await Promise.all([...callers.values()].map(hangup));
    return {};
  }
  if (message.order === 'count') {
    spacing.reset();
    counted = true;
    received = 0;
    sent = 0;
    return {};
  }
  counted = false;
  return { ...spacing.figures(), received, sent, failures, up: byRtpPort.size, cpu: process.cpuUsage() };
}

sip = await bind();
rtp = await bind();
sip.on('message', (data) => onSip(data.toString('utf8')));
rtp.on('message', (_data, from) => {
  const caller = byRtpPort.get(from.port);
  if (!caller) return;
  const nowMs = performance.now();
  if (counted && caller.lastMs > 0) {
    spacing.add(nowMs - caller.lastMs);
    received++;
  }
  caller.lastMs = nowMs;
});
process.on('message', (message: Order) => void obey(message).then((answer) => process.send?.({ answer })));
process.on('disconnect', () => process.exit(0));
pump();
process.send?.({ ready: sip.address().port });
