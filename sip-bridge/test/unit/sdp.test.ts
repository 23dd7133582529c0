import { describe, expect, it } from 'vitest';
import { LocalDescription, readSdp, sdpOf } from '../../src/sdp.js';
import { offer } from '../support/raw-phone.js';

const CODECS = ['pcmu', 'pcma'] as const;

describe('an offer', () => {
  it('is read in the caller’s order of preference, with dynamic numbers', () => {
    const text = offer(4000, {
      formats: '96 111 0 100',
      lines: [
        'a=rtpmap:96 opus/48000/2',
        'a=rtpmap:111 PCMA/8000',
        'a=rtpmap:100 telephone-event/8000',
        'a=rtpmap:0 PCMU/8000',
      ],
    });
    expect(readSdp(text, CODECS).audio).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      format: { codec: 'pcma', payloadType: 111, dtmfPayloadType: 100 },
    });
  });

  it('may leave out the mapping of static numbers and have its address in the stream', () => {
    const text = offer(4000, { formats: '8', lines: ['c=IN IP4 10.0.0.9'] });
    expect(readSdp(text, CODECS).audio).toMatchObject({ host: '10.0.0.9', format: { codec: 'pcma', payloadType: 8 } });
  });

  it('does not take events of another clock for keys', () => {
    const text = offer(4000, { formats: '0 101', lines: ['a=rtpmap:101 telephone-event/16000'] });
    expect(readSdp(text, CODECS).audio?.format.dtmfPayloadType).toBeUndefined();
  });

  it('with the address of RFC 2543’s hold is a hold', () => {
    const text = offer(4000).replace('c=IN IP4 127.0.0.1', 'c=IN IP4 0.0.0.0');
    expect(readSdp(text, CODECS).audio?.direction).toBe('inactive');
  });

  it.each([
    '',
    'v=1\r\n',
    'INVITE sip:x SIP/2.0\r\n',
    `v=0\r\n${'m=audio 1 RTP/AVP 0\r\n'.repeat(30)}`,
    `v=0\r\n${'x'.repeat(20_000)}`,
  ])('that is none is refused: %#', (text) => {
    expect(() => readSdp(text, CODECS)).toThrow(expect.objectContaining({ code: 'SDP_INVALID' }));
  });
});

describe('our answer', () => {
  it('repeats every stream in order and refuses what is not audio', () => {
    const text = `${offer(4000)}m=video 5000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\nm=audio 6000 RTP/AVP 0\r\n`;
    const answer = new LocalDescription('192.0.2.1', 30_000).answer(readSdp(text, CODECS));
    const media = answer.split('\r\n').filter((line) => line.startsWith('m='));
    expect(media).toEqual(['m=audio 30000 RTP/AVP 0 101', 'm=video 0 RTP/AVP 96', 'm=audio 0 RTP/AVP 0']);
    expect(answer).toContain('c=IN IP4 192.0.2.1');
  });

  it.each([
    ['sendonly', 'recvonly'],
    ['recvonly', 'sendonly'],
    ['inactive', 'inactive'],
    ['sendrecv', 'sendrecv'],
  ])('to %s is %s', (theirs, ours) => {
    const text = offer(4000, { lines: [`a=${theirs}`] });
    expect(new LocalDescription('192.0.2.1', 30_000).answer(readSdp(text, CODECS))).toContain(`a=${ours}\r\n`);
  });

  it('says IP6 for such an address', () => {
    expect(new LocalDescription('2001:db8::1', 30_000).offer(CODECS)).toContain('c=IN IP6 2001:db8::1');
  });
});

describe('a body', () => {
  it('of several parts gives its SDP part', () => {
    const body = `--b1\r\nContent-Type: application/isup\r\n\r\nxyz\r\n--b1\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--b1--`;
    expect(sdpOf('multipart/mixed;boundary="b1"', body)).toMatch(/^v=0/);
    expect(sdpOf('multipart/mixed', body)).toBeUndefined();
    expect(sdpOf('text/plain', 'v=0')).toBeUndefined();
    expect(sdpOf('application/sdp', '')).toBeUndefined();
  });
});
