import { createSocket, type Socket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INVALID } from '../../conformance/torture-invalid.js';
import { SEMANTICS } from '../../conformance/torture-semantics.js';
import { VALID } from '../../conformance/torture-valid.js';
import { World } from '../../support/world.js';

let world: World;
let socket: Socket;
const received: string[] = [];
const ALL = [...VALID, ...INVALID, ...SEMANTICS];
/** Longest wait for an answer; and how long nothing may come where none is due. */
const ANSWER_MS = 30_000;

beforeAll(async () => {
  world = await World.start();
  socket = createSocket('udp4');
  socket.on('message', (datagram) => received.push(datagram.toString('utf8')));
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  socket.close();
  await world.stop();
});

function send(text: string | Uint8Array): void {
  socket.send(text, world.bridge.port, '127.0.0.1');
}

/** Answers are told apart by Call-ID, or by branch where there is none: the answers of calls before go on being repeated. */
function mark(text: string | Uint8Array): string {
  const words = Buffer.from(text).toString('utf8');
  const callId = /\r\n(?:call-id|i)[ \t]*:[ \t]*(\S+)/i.exec(words)?.[1];
  return callId ?? /branch=([^;\r]+)/.exec(words)?.[1] ?? 'none';
}

async function finalStatus(from: number, id: string): Promise<number | undefined> {
  const deadline = Date.now() + ANSWER_MS;
  while (Date.now() < deadline) {
    for (const answer of received.slice(from)) {
      const status = Number(/^SIP\/2\.0 (\d{3})/.exec(answer)?.[1]);
      if (status >= 200 && answer.includes(id)) return status;
      // Whatever was asked before the ping has had its answer by then.
      if (status === 200 && answer.includes('ping-')) return undefined;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return undefined;
}

let pings = 0;

/** An OPTIONS that must be answered: the bridge is alive, and has read what came before. */
function ping(): void {
  const id = `ping-${++pings}`;
  send(
    [
      'OPTIONS sip:bot@127.0.0.1 SIP/2.0',
      `Via: SIP/2.0/UDP 127.0.0.1;rport;branch=z9hG4bK${id}`,
      'Max-Forwards: 70',
      `From: <sip:ping@127.0.0.1>;tag=${id}`,
      'To: <sip:bot@127.0.0.1>',
      `Call-ID: ${id}`,
      'CSeq: 1 OPTIONS',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
}

describe('the torture messages of RFC 4475', () => {
  it('are all there: 49', () => {
    expect(ALL).toHaveLength(49);
    expect(new Set(ALL.map(({ name }) => name)).size).toBe(49);
  });

  it.each(ALL.map((torture) => [torture.section, torture.name, torture] as const))(
    '%s %s',
    async (_section, _name, torture) => {
      const from = received.length;
      send(torture.message);
      if (torture.status === undefined) ping();
      const status = await finalStatus(from, mark(torture.message));
      if (torture.status === undefined) expect(status).toBeUndefined();
      else expect(torture.status).toContain(status);
      const alive = received.length;
      ping();
      const deadline = Date.now() + ANSWER_MS;
      while (!received.slice(alive).some((answer) => answer.includes(`ping-${pings}`)) && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      expect(received.slice(alive).some((answer) => answer.includes(`ping-${pings}`))).toBe(true);
    },
  );

  it('were no fault to the core', async () => {
    expect((await world.bridge.health()).sipMessages.faults).toBe(0);
  });
});
