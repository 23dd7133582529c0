import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeWav } from '../../../../src/dsp/wav.js';
import { parseBridgeConfig } from '../../../src/config.js';
import type { BridgeConfigInput, FakeSession, PhoneCall } from '../../../src/index.js';
import { silentLogger } from '../../../src/index.js';
import { loadAnnouncement } from '../../../src/recording/announcement.js';
import { recordingSchema } from '../../../src/recording/config.js';
import { RecordingRetention } from '../../../src/recording/retention.js';
import { share, tone } from '../../support/g711.js';
import { Recorder, until } from '../../support/recorder.js';
import { World } from '../../support/world.js';

let folder: string;
let announcement: string;
let world: World | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-recording-'));
  announcement = join(folder, 'announcement.wav');
  const note = Int16Array.from({ length: 8000 * 0.6 }, (_, at) => 8000 * Math.sin((2 * Math.PI * 700 * at) / 8000));
  writeFileSync(announcement, encodeWav([note], 8000));
});
afterEach(async () => {
  await world?.stop();
  world = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const begin = async (recording: BridgeConfigInput['recording']): Promise<{ call: PhoneCall; heard: Recorder }> => {
  world = await World.start({
    recording: { folder: join(folder, 'kept'), announcements: { default: announcement }, ...recording },
  });
  const phone = await world.phone({ user: 'caller' });
  const call = await phone.call(world.bridge.uri);
  const heard = new Recorder(call);
  await call.answered;
  return { call, heard };
};

/** Ends the call; the two sides of what was kept, or undefined. */
async function kept(call: PhoneCall): Promise<{ caller: Uint8Array; bot: Uint8Array; consent: string } | undefined> {
  const over = world?.bridge.next('over', 30_000);
  await call.hangup();
  const [, summary] = (await over) ?? [];
  const file = summary?.recording?.file;
  if (!file) return undefined;
  const wav = readFileSync(join(folder, 'kept', file));
  expect(wav.readUInt32LE(4)).toBe(wav.length - 8);
  expect([wav.readUInt16LE(20), wav.readUInt16LE(22), wav.readUInt32LE(24)]).toEqual([7, 2, 8000]);
  const sound = wav.subarray(46);
  const side = (offset: number): Uint8Array => sound.filter((_, index) => index % 2 === offset);
  return { caller: side(0), bot: side(1), consent: summary?.recording?.consent ?? '' };
}

const loudest = (sound: Uint8Array, hz: number): number =>
  Math.max(
    0,
    ...Array.from({ length: Math.floor(sound.length / 1600) }, (_, n) =>
      share(sound.subarray(n * 1600, n * 1600 + 1600), hz),
    ),
  );

let talks = 0;

/** Both say something, and it is all over: what was on its way is there, too, and has been recorded or not. */
async function talk(call: PhoneCall, session: FakeSession): Promise<void> {
  const last: number[] = [];
  session.on('audio', (frame) => last.push(share(frame, 1000)));
  const name = `said ${++talks}`;
  session.play(tone(500, 1000));
  session.mark(name);
  await call.sendAudio(tone(1000, 1000));
  await session.waitFor('mark', 30_000, (mark) => mark.name === name);
  const quiet = (): boolean => last.slice(-10).every((tones) => tones < 0.3);
  await until(() => last.some((tones) => tones > 0.9) && quiet(), 'the caller is heard to the end');
}

describe('a recorded call', () => {
  it('begins with the announcement, and has both sides in one file, the caller left', async () => {
    const { call, heard } = await begin({ mode: 'always' });
    const session = await world?.service.session(0);
    if (!session) throw new Error('no session');
    // The service came after the announcement.
    expect(loudest(heard.bytes(), 700)).toBeGreaterThan(0.9);
    expect(session.start.headers?.['X-Hearken-Recording']).toBe('always');
    await talk(call, session);
    const sound = await kept(call);
    expect(sound?.consent).toBe('announced');
    expect(loudest(sound?.caller ?? new Uint8Array(0), 1000)).toBeGreaterThan(0.9);
    expect(loudest(sound?.bot ?? new Uint8Array(0), 500)).toBeGreaterThan(0.9);
    expect(loudest(sound?.bot ?? new Uint8Array(0), 1000)).toBeLessThan(0.3);
    const names = readdirSync(join(folder, 'kept'), { recursive: true }).map(String).join();
    expect(names).not.toContain('caller');
  });

  it('keeps nothing of a caller who does not agree, and the key of one who does is not the service’s', async () => {
    const silent = await begin({ mode: 'ask', consentWaitMs: 100 });
    const first = await world?.service.session(0);
    expect(first?.start.headers?.['X-Hearken-Recording']).toBe('ask');
    expect(await kept(silent.call)).toBeUndefined();
    expect(readdirSync(folder)).toEqual(['announcement.wav']);
    await world?.stop();

    const agreeing = await begin({ mode: 'ask', consentWaitMs: 10_000 });
    await agreeing.call.sendDigits('1');
    const session = await world?.service.session(0);
    if (!session) throw new Error('no session');
    await talk(agreeing.call, session);
    const sound = await kept(agreeing.call);
    expect(sound?.consent).toBe('key');
    expect(loudest(sound?.caller ?? new Uint8Array(0), 1000)).toBeGreaterThan(0.9);
    expect(session.messages.some(({ type }) => type === 'dtmf')).toBe(false);
  });

  it('is begun and paused by the service', async () => {
    const { call } = await begin({ mode: 'ask', consentWaitMs: 0 });
    const session = await world?.service.session(0);
    if (!session) throw new Error('no session');
    session.send({ type: 'recording', action: 'start' });
    await until(() => readdirSync(folder).includes('kept'), 'the file is there');
    session.send({ type: 'recording', action: 'pause' });
    await talk(call, session);
    const sound = await kept(call);
    expect(sound?.consent).toBe('service');
    expect(loudest(sound?.bot ?? new Uint8Array(0), 500)).toBeLessThan(0.5);
  });

  it('that the service begins and pauses in one breath keeps nothing until it goes on', async () => {
    const { call } = await begin({ mode: 'ask', consentWaitMs: 0 });
    const session = await world?.service.session(0);
    if (!session) throw new Error('no session');
    for (const action of ['pause', 'start', 'pause'] as const) session.send({ type: 'recording', action });
    await until(
      () => existsSync(join(folder, 'kept')) && readdirSync(join(folder, 'kept'), { recursive: true }).length >= 3,
      'the file is there',
    );
    await talk(call, session);
    // Said again, as it is after a lost socket: it is paused all the same.
    session.send({ type: 'recording', action: 'start' });
    await talk(call, session);
    session.send({ type: 'recording', action: 'resume' });
    session.play(tone(1500, 600));
    session.mark('more');
    await until(() => session.messages.filter(({ type }) => type === 'mark').length === 3, 'more was said');
    const sound = await kept(call);
    expect(sound?.consent).toBe('service');
    expect(loudest(sound?.bot ?? new Uint8Array(0), 1500)).toBeGreaterThan(0.9);
    expect(loudest(sound?.bot ?? new Uint8Array(0), 500)).toBeLessThan(0.5);
    expect(loudest(sound?.caller ?? new Uint8Array(0), 1000)).toBeLessThan(0.5);
  });

  it('goes on unrecorded, and without a word about it, when the announcement can’t be read', async () => {
    writeFileSync(announcement, 'no sound');
    const { call } = await begin({ mode: 'always' });
    await world?.service.session(0);
    expect(await kept(call)).toBeUndefined();
  });
});

describe('recordings', () => {
  it('need an announcement', () => {
    expect(() => parseBridgeConfig({ recording: { mode: 'always' } })).toThrow(/announcement/);
    expect(() => parseBridgeConfig({ recording: { mode: 'ask', withoutAnnouncement: true } })).toThrow();
    expect(parseBridgeConfig({ recording: { mode: 'always', withoutAnnouncement: true } }).recording.keepDays).toBe(30);
  });

  it('are removed after their days, and nothing else is', async () => {
    const kept30 = recordingSchema.parse({ mode: 'always', withoutAnnouncement: true, folder });
    for (const name of ['2026-01-01', '2026-02-20', 'not-a-day']) mkdirSync(join(folder, name));
    const retention = new RecordingRetention(kept30, silentLogger());
    expect(await retention.sweep(new Date('2026-03-01T00:00:00Z'))).toEqual(['2026-01-01']);
    expect(readdirSync(folder).sort()).toEqual(['2026-02-20', 'announcement.wav', 'not-a-day']);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['no sound', Buffer.from('RIFF\u0004\u0000\u0000\u0000WAVE', 'latin1')],
    ['another rate', Buffer.from(encodeWav([new Int16Array(10)], 44_100))],
  ])('refuse an announcement of %s', (_what, bytes) => {
    writeFileSync(announcement, bytes);
    expect(() => loadAnnouncement(announcement, 'pcmu')).toThrow(expect.objectContaining({ code: 'AUDIO_UNREADABLE' }));
  });

  it('take an announcement at 16 kHz for any line', () => {
    writeFileSync(announcement, encodeWav([new Int16Array(1600)], 16_000));
    expect(loadAnnouncement(announcement, 'pcma').length).toBe(800);
    expect(loadAnnouncement(announcement, 'l16').length).toBe(3200);
  });
});
