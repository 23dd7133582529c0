import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadBridgeConfig } from '../../src/config.js';
import { maskAddress } from '../../src/log.js';

const empty = mkdtempSync(join(tmpdir(), 'hearken-config-'));

function file(text: string): NodeJS.ProcessEnv {
  const path = join(mkdtempSync(join(tmpdir(), 'hearken-config-')), 'hearken.yml');
  writeFileSync(path, text);
  return { HEARKEN_CONFIG: path };
}

describe('the configuration', () => {
  it('has defaults for everything', () => {
    const config = loadBridgeConfig({}, empty);
    expect(config.sip).toMatchObject({ host: '127.0.0.1', port: 5060, protocols: ['udp', 'tcp'] });
    expect(config.media.url).toBe('ws://127.0.0.1:8080/media');
    expect(config.rtp).toMatchObject({ portMin: 10_000, portMax: 19_999, mediaTimeoutMs: 60_000 });
    expect(config.registration).toBeUndefined();
  });

  it('reads its own section of the file and lets the environment win', () => {
    const env = file('http: { port: 1 }\nbridge:\n  sip: { port: 5080 }\n  maxCalls: 7\n');
    const config = loadBridgeConfig({
      ...env,
      HEARKEN_SIP_PORT: '5090',
      HEARKEN_RTP_PORTS: '20000-20010',
      HEARKEN_BRIDGE_HEALTH: 'off',
    });
    expect(config.sip.port).toBe(5090);
    expect(config.maxCalls).toBe(7);
    expect(config.rtp).toMatchObject({ portMin: 20_000, portMax: 20_010 });
    expect(config.health.enabled).toBe(false);
  });

  it.each([
    ['an unknown key', file('bridge: { sip: { prot: 1 } }'), /prot/],
    ['a bad port', { HEARKEN_SIP_PORT: 'abc' }, /port/],
    ['a bad range', { HEARKEN_RTP_PORTS: '20-10' }, /20-10/],
    ['a URL that is no WebSocket', { HEARKEN_MEDIA_URL: 'http://x' }, /url/],
    ['a broken pattern', file('bridge: { transfer: { allowedTargets: ["("] } }'), /regular expression/],
    ['broken YAML', file('bridge: [\n'), /hearken\.yml:/],
  ])('with %s says what is wrong', (_what, env, message) => {
    expect(() => loadBridgeConfig(env, empty)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) }),
    );
  });

  it('tells the line of a fault in the file, and the variable of one in the environment', () => {
    const env = file('bridge:\n  trunks:\n    - name: carrier\n      form: [192.0.2.0/24]\n');
    const load = () => loadBridgeConfig({ ...env, HEARKEN_BRIDGE_HEALTH: 'no' });
    expect(load).toThrow(`${env.HEARKEN_CONFIG}:4: trunks[0].form – there is no such key`);
    expect(load).toThrow('HEARKEN_BRIDGE_HEALTH: health.port');
  });

  it('that was named must be there', () => {
    expect(() => loadBridgeConfig({ HEARKEN_CONFIG: join(empty, 'none.yml') })).toThrow(
      expect.objectContaining({ code: 'CONFIG_NOT_FOUND' }),
    );
  });
});

describe('a number in the log', () => {
  it.each([
    ['sip:13800138000@10.0.0.1', 'sip:*8000@10.0.0.1'],
    ['sip:+8613800138000@10.0.0.1:5060;user=phone', 'sip:*8000@10.0.0.1:5060;user=phone'],
    ['tel:+8613800138000', 'tel:*8000'],
    ['sip:1234@x', 'sip:*34@x'],
    ['"Li" <sip:13800138000@10.0.0.1>', '"Li" <sip:*8000@10.0.0.1>'],
    ['sip:alice@x', 'sip:a***@x'],
    ['sip:10.0.0.1:5060', 'sip:10.0.0.1:5060'],
  ])('%s becomes %s', (address, masked) => {
    expect(maskAddress(address)).toBe(masked);
  });
});
