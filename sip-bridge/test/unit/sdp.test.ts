import { describe, expect, it } from 'vitest';
import { withoutKeys } from '../../src/sdes.js';
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

describe('keys in SDP', () => {
  const key = Buffer.alloc(30, 7).toString('base64');
  const line = (tag: number, suite: string, config = `inline:${key}`): string => `a=crypto:${tag} ${suite} ${config}`;
  const secure = (lines: readonly string[], profile = 'RTP/SAVP'): string =>
    offer(4000, { formats: '0', lines }).replace('RTP/AVP', profile);

  it('are taken from the first line that we can follow, and answered under its tag', () => {
    const text = secure([line(1, 'F8_128_HMAC_SHA1_80'), line(2, 'AES_CM_128_HMAC_SHA1_80', `inline:${key}|2^20`)]);
    const remote = readSdp(text, CODECS, 'optional');
    expect(remote.audio?.crypto).toEqual({ tag: 2, suite: 'AES_CM_128_HMAC_SHA1_80', key });
    const answer = new LocalDescription('192.0.2.1', 30_000).answer(remote);
    expect(answer).toMatch(/m=audio 30000 RTP\/SAVP 0\r\n/);
    expect(answer).toMatch(/a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:[A-Za-z0-9+/]{40}\r\n/);
    expect(answer).not.toContain(key);
  });

  it.each([
    ['a master key index', line(1, 'AES_CM_128_HMAC_SHA1_80', `inline:${key}|2^20|1:4`)],
    ['two keys', line(1, 'AES_CM_128_HMAC_SHA1_80', `inline:${key};inline:${key}`)],
    ['no encryption', line(1, 'AES_CM_128_HMAC_SHA1_80', `inline:${key} UNENCRYPTED_SRTP`)],
    ['a key of the wrong length', line(1, 'AES_CM_128_HMAC_SHA1_80', 'inline:AAAAAAAAAAAAAAAAAAAAAA==')],
  ])('with %s are passed over', (_what, crypto) => {
    expect(readSdp(secure([crypto]), CODECS, 'optional').audio).toBeUndefined();
  });

  it('are wanted, welcome or not looked at, as the trunk says', () => {
    const both = secure([line(1, 'AES_CM_128_HMAC_SHA1_80')], 'RTP/AVP');
    expect(readSdp(both, CODECS, 'off').audio).toMatchObject({ port: 4000 });
    expect(readSdp(both, CODECS, 'off').audio?.crypto).toBeUndefined();
    expect(readSdp(both, CODECS, 'optional').audio?.crypto).toBeDefined();
    expect(readSdp(offer(4000), CODECS, 'required').audio).toBeUndefined();
    expect(readSdp(secure([line(1, 'AES_CM_128_HMAC_SHA1_80')]), CODECS, 'off').audio).toBeUndefined();
  });

  it('are left out of what is kept and shown', () => {
    expect(withoutKeys(secure([line(1, 'AES_CM_128_HMAC_SHA1_80')]))).not.toContain(key);
  });
});

describe('wideband', () => {
  it('is offered with its clock rates and events of the same clock', () => {
    const text = new LocalDescription('192.0.2.1', 30_000).offer(['opus', 'g722', 'pcmu']);
    expect(text).toContain('m=audio 30000 RTP/AVP 107 9 0 101 110');
    expect(text).toContain('a=rtpmap:107 opus/48000/2');
    expect(text).toContain('a=rtpmap:9 G722/8000');
    expect(text).toContain('a=rtpmap:110 telephone-event/48000');
    expect(readSdp(text, ['opus', 'g722', 'pcmu']).audio?.format).toEqual({
      codec: 'opus',
      payloadType: 107,
      dtmfPayloadType: 110,
    });
  });

  it('is not taken for it where the number means something else', () => {
    const text = offer(4000, { formats: '107 9', lines: ['a=rtpmap:107 speex/8000'] });
    expect(readSdp(text, ['opus', 'g722']).audio?.format).toMatchObject({ codec: 'g722', payloadType: 9 });
  });

  it('shares a port with RTCP where both want that', () => {
    const text = offer(4000, { lines: ['a=rtcp-mux'] });
    expect(readSdp(text, CODECS).audio).toMatchObject({ rtcpMux: true, rtcpPort: 4000 });
    expect(new LocalDescription('192.0.2.1', 30_000).answer(readSdp(text, CODECS))).toContain('a=rtcp-mux');
    expect(readSdp(offer(4000, { lines: ['a=rtcp:4711'] }), CODECS).audio?.rtcpPort).toBe(4711);
  });
});
