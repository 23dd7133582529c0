import { describe, expect, it } from 'vitest';
import { ClientAddresses, networkOf } from '../../../src/api/client-address.js';
import { configSchema } from '../../../src/config.js';

const request = (remoteAddress: string, told?: string) =>
  ({ socket: { remoteAddress }, headers: told === undefined ? {} : { 'x-forwarded-for': told } }) as never;

describe('who is at the other end', () => {
  it('is the socket’s other end when no proxy is trusted, whatever the header says', () => {
    expect(new ClientAddresses(false).of(request('192.0.2.1', '203.0.113.7'))).toBe('192.0.2.1');
  });

  it('behind a named proxy is whom that has seen: what a client writes into the header itself counts for nothing', () => {
    const addresses = new ClientAddresses(['10.0.0.0/8', '2001:db8::1']);
    expect(addresses.of(request('10.0.0.2', '198.51.100.66, 203.0.113.7'))).toBe('203.0.113.7');
    expect(addresses.of(request('::ffff:10.0.0.2', '203.0.113.7, 10.0.0.9'))).toBe('203.0.113.7');
    expect(addresses.of(request('2001:db8::1', '203.0.113.7'))).toBe('203.0.113.7');
    expect(addresses.of(request('192.0.2.1', '203.0.113.7'))).toBe('192.0.2.1');
    expect(addresses.of(request('10.0.0.2'))).toBe('10.0.0.2');
    expect(addresses.of(request('10.0.0.2', ','.repeat(100_000)))).toBe('');
  });

  it('with a proxy that replaces the header is who stands first in it', () => {
    expect(new ClientAddresses(true).of(request('10.0.0.2', '203.0.113.7, 10.0.0.9'))).toBe('203.0.113.7');
  });

  it('takes addresses and networks from the configuration, and no nonsense', () => {
    const parse = (trustProxy: unknown) => configSchema.parse({ http: { trustProxy } }).http.trustProxy;
    expect(parse(['127.0.0.1', '10.0.0.0/8', 'fd00::/8'])).toHaveLength(3);
    for (const wrong of [['10.0.0.0/33'], ['999.1.1.1'], ['proxy.local'], []]) expect(() => parse(wrong)).toThrow();
  });
});

describe('what limits count', () => {
  it('is an address, and of IPv6 the network that one household has', () => {
    expect(networkOf('203.0.113.7')).toBe('203.0.113.7');
    expect(networkOf('::ffff:203.0.113.7')).toBe('203.0.113.7');
    const homes = ['2001:db8:1:2::1', '2001:db8:1:2:ffff:1:2:3', '2001:0DB8:0001:0002::ab'].map(networkOf);
    expect(new Set(homes)).toEqual(new Set(['2001:db8:1:2::/64']));
    expect(networkOf('2001:db8:1:3::1')).not.toBe(homes[0]);
    expect(networkOf('::1')).toBe('0:0:0:0::/64');
    expect(networkOf('user-1042')).toBe('user-1042');
  });
});
