import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeWav } from '../../../../src/dsp/wav.js';
import { parseBridgeConfig } from '../../../src/config.js';
import { tellWhatIsLost } from '../../../src/ops/preflight.js';

let folder: string;
let told: { msg: string; err: string }[];
const logger = pino({}, { write: (line: string) => void told.push(JSON.parse(line)) });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-preflight-'));
  told = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('before the first call', () => {
  it('tells that nothing will be recorded, and that call records have no place', () => {
    writeFileSync(join(folder, 'file'), '');
    const below = join(folder, 'file', 'folder');
    const announcements = { default: join(folder, 'none.wav'), en: join(folder, 'file') };
    const config = {
      recording: { mode: 'always', announcements, folder: below },
      cdr: { file: join(below, 'c.jsonl') },
    };
    tellWhatIsLost(parseBridgeConfig(config), logger);
    expect(told.map(({ msg }) => msg)).toEqual([
      'calls that need this announcement are not recorded',
      'calls that need this announcement are not recorded',
      'calls are not recorded: no room for them',
      'call records can not be written',
    ]);
    expect(told[0]?.err).toContain('none.wav');
    expect(told[1]?.err).toContain('no WAV file');
  });

  it('has nothing to tell where all is in place, or nothing is recorded', () => {
    const announcement = join(folder, 'recorded.wav');
    writeFileSync(announcement, encodeWav([new Int16Array(800)], 8000));
    const recording = { mode: 'ask', announcements: { default: announcement }, folder: join(folder, 'kept') };
    tellWhatIsLost(parseBridgeConfig({ recording, cdr: { file: join(folder, 'cdr', 'calls.jsonl') } }), logger);
    tellWhatIsLost(parseBridgeConfig({ recording: { announcements: { default: '/no/such.wav' } } }), logger);
    expect(told).toEqual([]);
    expect(existsSync(join(folder, 'kept'))).toBe(false);
  });
});
