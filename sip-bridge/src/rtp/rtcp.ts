/** The little of RTCP (RFC 3550 §6) that keeps both ends informed: SR or RR with one report block, CNAME, BYE. */

export interface ReportBlock {
  readonly ssrc: number;
  /** 0…255, of 256. */
  readonly fractionLost: number;
  readonly cumulativeLost: number;
  readonly highestSequence: number;
  /** In timestamp units. */
  readonly jitter: number;
  /** Middle 32 bits of the last SR's NTP time; 0 when none came. */
  readonly lastSr: number;
  /** Since that SR, in 1/65536 s. */
  readonly delaySinceLastSr: number;
}

export interface SenderInfo {
  readonly timestamp: number;
  readonly packets: number;
  readonly octets: number;
}

/** Seconds between 1900 (NTP) and 1970 (Unix). */
const NTP_OFFSET_S = 2_208_988_800;

/** A compound packet: SR when something was sent since, else RR; then CNAME; then BYE at the end of the stream. */
export function buildRtcp(
  ssrc: number,
  sender: SenderInfo | undefined,
  report: ReportBlock | undefined,
  cname: string,
  bye: boolean,
  unixMs: number,
): Buffer {
  const blocks = report ? 1 : 0;
  const head = Buffer.alloc((sender ? 28 : 8) + blocks * 24);
  head[0] = 0x80 | blocks;
  head[1] = sender ? 200 : 201;
  head.writeUInt16BE(head.length / 4 - 1, 2);
  head.writeUInt32BE(ssrc >>> 0, 4);
  if (sender) {
    const ntp = toNtp(unixMs);
    head.writeUInt32BE(ntp.seconds, 8);
    head.writeUInt32BE(ntp.fraction, 12);
    head.writeUInt32BE(sender.timestamp >>> 0, 16);
    head.writeUInt32BE(sender.packets >>> 0, 20);
    head.writeUInt32BE(sender.octets >>> 0, 24);
  }
  if (report) {
    const at = head.length - 24;
    head.writeUInt32BE(report.ssrc >>> 0, at);
    head.writeUInt8(Math.min(255, Math.max(0, report.fractionLost)), at + 4);
    head.writeIntBE(Math.min(0x7fffff, Math.max(-0x800000, report.cumulativeLost)), at + 5, 3);
    head.writeUInt32BE(report.highestSequence >>> 0, at + 8);
    head.writeUInt32BE(Math.round(report.jitter) >>> 0, at + 12);
    head.writeUInt32BE(report.lastSr >>> 0, at + 16);
    head.writeUInt32BE(report.delaySinceLastSr >>> 0, at + 20);
  }
  const parts = [head, sdesCname(ssrc, cname)];
  if (bye) {
    const packet = Buffer.alloc(8);
    packet[0] = 0x81;
    packet[1] = 203;
    packet.writeUInt16BE(1, 2);
    packet.writeUInt32BE(ssrc >>> 0, 4);
    parts.push(packet);
  }
  return Buffer.concat(parts);
}

function sdesCname(ssrc: number, cname: string): Buffer {
  const name = Buffer.from(cname, 'latin1').subarray(0, 255);
  const length = Math.ceil((8 + 2 + name.length + 1) / 4) * 4;
  const packet = Buffer.alloc(length);
  packet[0] = 0x81;
  packet[1] = 202;
  packet.writeUInt16BE(length / 4 - 1, 2);
  packet.writeUInt32BE(ssrc >>> 0, 4);
  packet[8] = 1;
  packet[9] = name.length;
  name.copy(packet, 10);
  return packet;
}

function toNtp(unixMs: number): { seconds: number; fraction: number } {
  const seconds = Math.floor(unixMs / 1000);
  return {
    seconds: (seconds + NTP_OFFSET_S) >>> 0,
    fraction: Math.floor(((unixMs - seconds * 1000) / 1000) * 0x1_0000_0000) >>> 0,
  };
}

export interface RtcpSummary {
  /** Middle 32 bits of the SR's NTP time, when there was an SR. */
  readonly srNtpMiddle?: number;
  readonly reports: readonly ReportBlock[];
  readonly bye: boolean;
}

/** Reads a compound packet; `undefined` when it is not one. Bounded by the datagram. */
export function parseRtcp(datagram: Buffer): RtcpSummary | undefined {
  if (datagram.length < 8 || datagram.length > 2048) return undefined;
  const reports: ReportBlock[] = [];
  let srNtpMiddle: number | undefined;
  let bye = false;
  let at = 0;
  while (at + 4 <= datagram.length) {
    const first = datagram.readUInt8(at);
    const type = datagram.readUInt8(at + 1);
    const length = (datagram.readUInt16BE(at + 2) + 1) * 4;
    if (first >> 6 !== 2 || type < 200 || type > 207 || at + length > datagram.length) return undefined;
    if (type === 200 && length >= 28) srNtpMiddle = datagram.readUInt32BE(at + 10);
    if (type === 200 || type === 201) {
      let block = at + (type === 200 ? 28 : 8);
      for (let index = 0; index < (first & 0x1f) && block + 24 <= at + length; index++, block += 24) {
        reports.push({
          ssrc: datagram.readUInt32BE(block),
          fractionLost: datagram.readUInt8(block + 4),
          cumulativeLost: datagram.readIntBE(block + 5, 3),
          highestSequence: datagram.readUInt32BE(block + 8),
          jitter: datagram.readUInt32BE(block + 12),
          lastSr: datagram.readUInt32BE(block + 16),
          delaySinceLastSr: datagram.readUInt32BE(block + 20),
        });
      }
    }
    if (type === 203) bye = true;
    at += length;
  }
  return { ...(srNtpMiddle === undefined ? {} : { srNtpMiddle }), reports, bye };
}
