import type { Tap } from '@hearken/sip-bridge';

interface Rung {
  readonly atMs: number;
  readonly out: boolean;
  readonly peer: string;
  readonly callId: string;
  readonly label: string;
  readonly text: string;
}

const MAX_RUNGS = 1000;
const WIDTH = 52;

/** The SIP messages of a phone, for a ladder diagram: who sent what to whom, and when. Bounded; the oldest go first. */
export class Ladder {
  readonly #rungs: Rung[] = [];

  /** For `SipPhone.tap`. */
  readonly tap: Tap = (direction, protocol, text, _local, peer) => {
    this.#rungs.push({
      atMs: Date.now(),
      out: direction === 'out',
      peer: `${peer.address}:${peer.port}${protocol === 'UDP' ? '' : `/${protocol.toLowerCase()}`}`,
      callId: field(text, 'Call-ID'),
      label: labelOf(text),
      text,
    });
    if (this.#rungs.length > MAX_RUNGS) this.#rungs.shift();
  };

  /** The diagram of the dialogues with these Call-IDs (default: all), line by line; times are seconds since the first message. */
  lines(callIds?: readonly string[]): string[] {
    const rungs = this.#rungs.filter(({ callId }) => callIds === undefined || callIds.includes(callId));
    const [first] = rungs;
    if (!first) return [];
    const peers = [...new Set(rungs.map(({ peer }) => peer))];
    const head = `${' '.repeat(10)}${['phone', ...peers].map((name) => name.padEnd(WIDTH)).join('')}`.trimEnd();
    const seen = new Set<string>();
    const body = rungs.map((rung) => {
      const key = `${rung.out} ${rung.text}`;
      const label = seen.has(key) ? `${rung.label} (again)` : rung.label;
      seen.add(key);
      const column = peers.indexOf(rung.peer);
      const at = ((rung.atMs - first.atMs) / 1000).toFixed(3).padStart(8);
      const before = column === 0 ? '' : `${' '.repeat(column * WIDTH - 1)}|`;
      const after = `${' '.repeat(WIDTH - 1)}|`.repeat(peers.length - 1 - column);
      // The arrow to a farther peer begins at its neighbour's line: the diagram stays as narrow as its text.
      return `${at}  |${before}${arrow(label, rung.out)}|${after}`.trimEnd();
    });
    return [head, ...body];
  }
}

function arrow(label: string, out: boolean): string {
  const room = WIDTH - 1;
  const shown = ` ${label.slice(0, room - 6)} `;
  const line = shown.padStart(shown.length + 2, '-').padEnd(room - 1, '-');
  return out ? `${line}>` : `<${line}`;
}

/** The method, or the answer and what it answers; with what the SDP says about the audio. */
function labelOf(text: string): string {
  const start = text.split('\r\n', 1)[0] ?? '';
  const status = /^SIP\/2\.0 (\d{3} ?[^\r\n]*)/.exec(start)?.[1];
  const method = field(text, 'CSeq').split(/\s+/)[1] ?? '';
  const what = status === undefined ? (start.split(' ', 1)[0] ?? '') : `${status} (${method})`;
  const codec = /^a=rtpmap:\d+ ([A-Za-z0-9]+)\//m.exec(text)?.[1];
  const direction = /^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(text)?.[1];
  const sdp = /^m=audio/m.test(text) ? ` [${[codec, direction].filter(Boolean).join(' ')}]` : '';
  const told = /^SIP\/2\.0 (\d{3}[^\r\n]*)/m.exec(text.split('\r\n\r\n')[1] ?? '')?.[1];
  const printable = `${what}${sdp}${told === undefined ? '' : ` "${told}"`}`;
  // What a peer writes must not steer the terminal.
  return printable.replace(/[^\x20-\x7e]/g, '?');
}

function field(text: string, name: string): string {
  return new RegExp(`^${name}[ \\t]*:[ \\t]*([^\\r\\n]*)`, 'im').exec(text)?.[1] ?? '';
}
