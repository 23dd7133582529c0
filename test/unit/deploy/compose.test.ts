import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly environment?: Readonly<Record<string, string>>;
        readonly ports?: readonly string[];
        readonly networks: { readonly voice: { readonly ipv4_address: string } };
      }
    >
  >;
}
const compose = parse(read('docker-compose.yml')) as Compose;
const addressOf = (service: string): string => compose.services[service]?.networks.voice.ipv4_address ?? '';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-compose-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** dclint validates against the Compose specification's own JSON schema. */
function lint(file: string): { readonly status: number | null; readonly output: string } {
  const result = spawnSync(
    process.execPath,
    [join(root, 'node_modules/dclint/bin/dclint.cjs'), '-c', join(root, '.dclintrc'), file],
    { encoding: 'utf8', cwd: folder },
  );
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}

describe('docker-compose.yml', () => {
  it('is valid by the Compose schema', () => {
    expect(lint(join(root, 'docker-compose.yml'))).toMatchObject({ status: 0 });
  });

  it('would be refused with a key that Compose does not know', () => {
    const file = join(folder, 'docker-compose.yml');
    writeFileSync(file, read('docker-compose.yml').replace('command:', 'comand:'));
    const { status, output } = lint(file);
    expect(status).not.toBe(0);
    expect(output).toContain('invalid-schema');
  });

  it('sets only variables that service or bridge read', () => {
    const known = read('src/config.ts') + read('sip-bridge/src/config.ts');
    const set = ['service', 'bridge'].flatMap((name) => Object.keys(compose.services[name]?.environment ?? {}));
    expect(set.length).toBeGreaterThan(5);
    expect(set.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('holds no secret, only the names of those in .env', () => {
    for (const { environment } of Object.values(compose.services)) {
      for (const [name, value] of Object.entries(environment ?? {})) {
        if (/PASSWORD|TOKEN/.test(name)) expect(value).toMatch(/^\$\{[A-Z_]+:\?/);
      }
    }
    expect(read('deploy/env.example')).not.toMatch(/^(?:\w*(?:PASSWORD|TOKEN))=.+$/m);
  });
});

describe('the Asterisk beside it', () => {
  it('knows the bridge by the address that Compose gives it', () => {
    const pjsip = read('deploy/asterisk/pjsip.conf');
    expect(addressOf('bridge')).toMatch(/^172\.30\.0\.\d+$/);
    expect(pjsip).toContain(`contact=sip:${addressOf('bridge')}:5060`);
    expect(pjsip).toContain(`match=${addressOf('bridge')}`);
  });

  it('is where calls are handed to, at an extension that may be reached', () => {
    const target = compose.services.service?.environment?.HEARKEN_AGENT ?? '';
    expect(target).toBe(`sip:2000@${addressOf('asterisk')}`);
    const handoff = read('deploy/asterisk/extensions.conf').split('[handoff]')[1] ?? '';
    expect(handoff).toContain('exten => 2000,1,Dial(PJSIP/2000');
  });

  it('uses the RTP ports that Compose opens', () => {
    const [start, end] = ['rtpstart', 'rtpend'].map(
      (key) => new RegExp(`${key}=(\\d+)`).exec(read('deploy/asterisk/rtp.conf'))?.[1],
    );
    expect(compose.services.asterisk?.ports).toContain(`0.0.0.0:${start}-${end}:${start}-${end}/udp`);
  });

  it('has every placeholder filled in at its start', () => {
    const start = read('deploy/asterisk/start.sh');
    for (const file of ['pjsip.conf', 'extensions.conf', 'rtp.conf']) {
      expect(start).toContain(file);
      for (const placeholder of read(`deploy/asterisk/${file}`).match(/@[A-Z_]+@/g) ?? [])
        expect(start).toContain(`s|${placeholder}|`);
    }
  });
});
