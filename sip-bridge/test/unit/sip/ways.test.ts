import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Locator } from '../../../src/sip/dns.js';
import { Paths } from '../../../src/sip/paths.js';
import { StreamChannel } from '../../../src/sip/transport-stream.js';
import { until } from '../../support/recorder.js';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const end of ends.splice(0).reverse()) await end();
});

describe('the way back to a caller', () => {
  const source = { address: '203.0.113.9', port: 4711, flow: '203.0.113.9:4711' };
  const bye = 'BYE sip:a@10.0.0.7 SIP/2.0\r\nCall-ID: same\r\n\r\n';

  it('is kept when the call that is up was refused before under the same Call-ID', async () => {
    vi.useFakeTimers();
    const paths = new Paths(new Locator({ servers: [], srv: false, family: 4 }), 'UDP');
    paths.remember('same', source);
    // 422: the same call again with another interval (RFC 4028 §7.3).
    const gone = vi.fn();
    paths.forget('same', gone);
    paths.remember('same', source);
    paths.keep('same');
    vi.advanceTimersByTime(60_000);
    expect(gone).not.toHaveBeenCalled();
    expect(await paths.wayOut(bye)).toMatchObject({ address: '203.0.113.9', port: 4711 });
    paths.forget('same', gone);
    vi.advanceTimersByTime(60_000);
    expect(gone).toHaveBeenCalledTimes(1);
    expect(paths.size).toBe(0);
  });

  it('is known to carry a call until that is over', () => {
    vi.useFakeTimers();
    const paths = new Paths(new Locator({ servers: [], srv: false, family: 4 }), 'TCP');
    paths.remember('branch z9hG4bKx', { ...source, flow: 'another' });
    paths.remember('same', source);
    expect([paths.carries(source.flow), paths.carries('another')]).toEqual([true, false]);
    paths.forget('same', () => {});
    vi.advanceTimersByTime(60_000);
    expect(paths.carries(source.flow)).toBe(false);
  });
});

describe('a connection that is silent', () => {
  it('stays while a call is up that began on it, and is closed after that', async () => {
    const channel = await StreamChannel.listen({
      ...{ host: '127.0.0.1', port: 0, maxMessageBytes: 65_535, idleTimeoutMs: 60 },
      onMessage: () => {},
    });
    ends.push(() => channel.close());
    let asked = 0;
    let up = true;
    channel.carries = () => {
      asked++;
      return up;
    };
    const peer = connect(channel.port, '127.0.0.1');
    let closed = false;
    peer.on('close', () => {
      closed = true;
    });
    await until(() => asked >= 3, 'three time-outs');
    expect(closed).toBe(false);
    up = false;
    await until(() => closed, 'it is closed');
  });

  it('stays where we opened it: a registrar calls back over it', async () => {
    const [ours, theirs] = await Promise.all(
      [60, 60_000].map((idleTimeoutMs) =>
        StreamChannel.listen({
          ...{ host: '127.0.0.1', port: 0, maxMessageBytes: 65_535, idleTimeoutMs },
          onMessage: (text) => void heard.push(text.slice(0, 7)),
        }),
      ),
    );
    const heard: string[] = [];
    if (!ours || !theirs) throw new Error('two channels');
    ends.push(
      () => ours.close(),
      () => theirs.close(),
    );
    let asked = 0;
    ours.carries = () => {
      asked++;
      return false;
    };
    const register = 'REGISTER sip:x SIP/2.0\r\nContent-Length: 0\r\n\r\n';
    await ours.send(register, { address: '127.0.0.1', port: theirs.port });
    await until(() => asked >= 3, 'three time-outs');
    await ours.send(register, { address: '127.0.0.1', port: theirs.port });
    await until(() => heard.length === 2, 'both came');
    // Over one connection: had it been closed, there would have been a new one, whose clock had just begun.
    expect(asked).toBeGreaterThanOrEqual(3);
  });
});
