import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SessionTimer } from '../../../src/sip/session-timer.js';
import { headerOf } from '../../../src/sip/text.js';
import { offer, RawPhone } from '../../support/raw-phone.js';
import { until } from '../../support/recorder.js';
import { World } from '../../support/world.js';

let world: World;
let phone: RawPhone;

beforeEach(async () => {
  world = await World.start({ rtp: { portMin: 0, portMax: 0, mediaTimeoutMs: 400 } });
  phone = await RawPhone.open(world.bridge.port);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await phone.close();
  await world.stop();
});

const OK_INVITE = /^SIP\/2\.0 200 OK[\s\S]*CSeq: \d+ INVITE/;

/** A re-INVITE, acknowledged; its 200. */
async function reinvite(options: Parameters<RawPhone['invite']>[0], ackBody?: string): Promise<string> {
  const from = phone.received.length;
  phone.send(phone.invite(options));
  const ok = await phone.heard(OK_INVITE, 4000, from);
  phone.ack(ackBody === undefined ? {} : { body: ackBody });
  return ok;
}

const held = (): string => offer(40_000).replace('a=sendrecv', 'a=sendonly');

describe('a caller who holds us', () => {
  it('and comes back with an empty re-INVITE is offered both directions again', async () => {
    await phone.dial();
    phone.ack();
    expect(await reinvite({ sdp: held() })).toContain('a=recvonly');
    const [call] = [...world.bridge.calls];
    await until(() => call?.leg.media?.held === true, 'on hold');
    const back = await reinvite({ sdp: null }, offer(40_000));
    expect(back).toContain('a=sendrecv');
    await until(() => call?.leg.media?.held === false, 'taken back');
  });

  it('may send nothing for longer than the media time-out, and is waited for again once taken back', async () => {
    await phone.dial();
    phone.ack();
    await reinvite({ sdp: held() });
    const session = await world.service.session(0);
    const before = session.receivedFrames;
    await until(() => session.receivedFrames > before + 60, 'three time-outs have passed', 8000);
    expect(world.bridge.calls.size).toBe(1);
    await reinvite({ sdp: offer(40_000) });
    phone.ok(await phone.heard(/^BYE/));
  });

  it('without a word about the session timer does not switch it off', async () => {
    const timer = ['Supported: timer', 'Session-Expires: 1800'];
    expect(await phone.dial({ headers: timer })).toContain('Session-Expires: 1800;refresher=uac');
    phone.ack();
    const ok = await reinvite({ sdp: held(), headers: ['Supported: timer'] });
    expect(headerOf(ok, 'session-expires')).toBe('1800;refresher=uac');
    expect(headerOf(ok, 'require')).toBe('timer');
  });

  it('and knows no session timer any more is not expected to refresh it', async () => {
    await phone.dial({ headers: ['Supported: timer', 'Session-Expires: 1800'] });
    phone.ack();
    const restart = vi.spyOn(SessionTimer.prototype, 'restart');
    const ok = await reinvite({ sdp: held() });
    expect(headerOf(ok, 'session-expires')).toBeUndefined();
    expect(restart.mock.calls.at(-1)).toEqual([undefined]);
  });
});

describe('in mid-call', () => {
  it('an offer of ours keeps the places of the streams that we refused', async () => {
    const video = 'm=video 5000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n';
    await phone.dial({ sdp: `${offer(40_000)}${video}` });
    phone.ack();
    const ours = await reinvite({ sdp: null }, offer(40_000));
    expect(ours.match(/^m=.*$/gm)?.map((line) => line.replace(/\d{4,5}/, 'port'))).toEqual([
      'm=audio port RTP/AVP 0 101',
      'm=video 0 RTP/AVP 96',
    ]);
  });

  it('an UPDATE with an offer that meets a re-INVITE of ours has to wait', async () => {
    await phone.dial();
    phone.ack();
    const [call] = [...world.bridge.calls];
    await until(() => call?.leg.established === true, 'it is up');
    call?.leg.refreshSession();
    await phone.heard(/^INVITE /);
    phone.send(phone.request('UPDATE', { body: offer(40_000) }));
    await phone.heard(/^SIP\/2\.0 491[\s\S]*CSeq: \d+ UPDATE/);
  });

  it('what a peer answers to a refresh of ours counts: another address for requests, another direction for audio', async () => {
    await phone.dial();
    phone.ack();
    const [call] = [...world.bridge.calls];
    await until(() => call?.leg.established === true, 'it is up');
    const moved = await RawPhone.open(world.bridge.port);
    call?.leg.refreshSession();
    const invite = await phone.heard(/^INVITE /);
    const keep = (name: string): string => `${name}: ${headerOf(invite, name.toLowerCase()) ?? ''}`;
    const lines = [
      'SIP/2.0 200 OK',
      ...['Via', 'From', 'To', 'Call-ID', 'CSeq'].map(keep),
      `Contact: <sip:raw@127.0.0.1:${moved.port}>`,
      'Content-Type: application/sdp',
      `Content-Length: ${held().length}`,
    ];
    phone.send(`${lines.join('\r\n')}\r\n\r\n${held()}`);
    await moved.heard(/^ACK /);
    await until(() => call?.leg.media?.held === true, 'the answer counts');
    call?.leg.hangup('normal');
    moved.ok(await moved.heard(/^BYE /));
    await moved.close();
  });

  it('an INFO without a body is a question whether we are still there', async () => {
    await phone.dial();
    phone.ack();
    phone.send(phone.request('INFO'));
    await phone.heard(/^SIP\/2\.0 200[\s\S]*CSeq: \d+ INFO/);
  });
});

describe('an INVITE without an offer', () => {
  it('is rung unreliably, because a reliable response would have to bring the offer', async () => {
    await phone.dial({ sdp: null, headers: ['Supported: 100rel'] });
    const ringing = await phone.heard(/^SIP\/2\.0 180/);
    expect(headerOf(ringing, 'rseq')).toBeUndefined();
    phone.ack({ body: offer(40_000) });
  });

  it('is not rung at all where only reliable responses are wanted', async () => {
    await phone.dial({ sdp: null, headers: ['Require: 100rel'] });
    expect(phone.count(/^SIP\/2\.0 180/)).toBe(0);
    phone.ack({ body: offer(40_000) });
  });
});

it('a caller behind a NAT between two private networks gets our BYE where the INVITE came from', async () => {
  const elsewhere = (text: string): string =>
    text
      .replace(/^(Via: SIP\/2\.0\/UDP )127\.0\.0\.1/m, '$110.99.1.2')
      .replace(/^(Contact: <sip:raw@)127\.0\.0\.1/m, '$110.99.1.2');
  phone.send(elsewhere(phone.invite()));
  const ok = await phone.heard(OK_INVITE);
  phone.toTag = /;tag=([^;\s]+)/.exec(headerOf(ok, 'to') ?? '')?.[1] ?? '';
  phone.send(elsewhere(phone.request('ACK')));
  const session = await world.service.session(0);
  session.hangup();
  phone.ok(await phone.heard(/^BYE sip:raw@10\.99\.1\.2/));
});
