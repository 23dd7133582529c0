import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cookieOf } from '../../../../src/api/console/guard.js';
import { Lockout } from '../../../../src/api/console/lockout.js';
import { hashPassword, passwordFits } from '../../../../src/api/console/passwords.js';
import { rangeOf } from '../../../../src/api/console/sound-files.js';
import { UserStore, usersFile } from '../../../../src/api/console/user-store.js';
import { sameOrigin } from '../../../../src/api/same-origin.js';
import { HourlyStats } from '../../../../src/insight/hourly-stats.js';
import { ListenMixer } from '../../../../src/insight/listen-in.js';
import { LiveBus } from '../../../../src/insight/live-bus.js';

const CHEAP = { n: 1024, r: 8, p: 1 };
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hearken-console-parts-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('users', () => {
  it('are kept where nobody else reads them, never with their password, and seen by another process', async () => {
    const file = usersFile(folder);
    const store = new UserStore(file, CHEAP);
    await store.add('anna', { roles: ['agent'], password: 'long enough one' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const other = new UserStore(file, CHEAP);
    expect((await other.verify('anna', 'long enough one'))?.roles).toEqual(['agent']);
    expect(await other.verify('anna', 'long enough two')).toBeUndefined();
    expect(JSON.stringify(await other.list())).not.toContain('hash');
  });

  it('need a name and a password worth having', async () => {
    const store = new UserStore(usersFile(folder), CHEAP);
    await expect(store.add('anna', { roles: ['agent'], password: 'short' })).rejects.toThrow(/5 characters/);
    await expect(store.add('../x', { roles: ['agent'], password: 'long enough one' })).rejects.toThrow(/no name/);
    await store.add('anna', { roles: ['agent'], password: 'long enough one' });
    await expect(store.add('anna', { roles: ['admin'], password: 'long enough one' })).rejects.toThrow(/already/);
    await expect(store.remove('bo')).rejects.toThrow(/no user/);
  });

  it('a file that is broken lets nobody in and says so', async () => {
    await writeFile(usersFile(folder), '{"schema":1,"users":[{}]}');
    await expect(new UserStore(usersFile(folder)).verify('anna', 'x')).rejects.toThrow(/can't be read/);
  });

  it('the same letters typed on another keyboard are the same password', async () => {
    const kept = await hashPassword('caf\u00e9 au lait', CHEAP);
    expect(await passwordFits('cafe\u0301 au lait', kept)).toBe(true);
    expect(await passwordFits('cafe au lait', kept)).toBe(false);
  });
});

describe('who goes on guessing', () => {
  it('waits twice as long each time, up to a quarter of an hour, and is forgiven after an hour', () => {
    const lockout = new Lockout();
    const waits: number[] = [];
    let nowMs = 0;
    for (let attempt = 0; attempt < 20; attempt++) {
      lockout.failed('anna', nowMs);
      waits.push(lockout.waitMs('anna', nowMs));
      nowMs += lockout.waitMs('anna', nowMs);
    }
    expect(waits.slice(0, 8)).toEqual([0, 0, 0, 0, 2000, 4000, 8000, 16_000]);
    expect(Math.max(...waits)).toBe(900_000);
    nowMs += 3_700_000;
    lockout.failed('anna', nowMs);
    expect(lockout.waitMs('anna', nowMs)).toBe(0);
  });
});

describe('requests', () => {
  it('of other origins are told from ours', () => {
    expect(sameOrigin({ 'sec-fetch-site': 'same-origin' })).toBe(true);
    expect(sameOrigin({ 'sec-fetch-site': 'same-site' })).toBe(false);
    expect(sameOrigin({ origin: 'https://a.example', host: 'a.example' })).toBe(true);
    expect(sameOrigin({ origin: 'https://b.example', host: 'a.example' })).toBe(false);
    expect(sameOrigin({ origin: 'null', host: 'a.example' })).toBe(false);
  });

  it('have our cookie among others, or none', () => {
    expect(cookieOf({ cookie: 'a=b; hearken_console=token; c=d' })).toBe('token');
    expect(cookieOf({ cookie: 'xhearken_console=token' })).toBeUndefined();
    expect(cookieOf({})).toBeUndefined();
  });

  it('ask for a part of a file, or for the whole when we do not understand which', () => {
    expect(rangeOf('bytes=0-9', 100)).toEqual({ from: 0, to: 9 });
    expect(rangeOf('bytes=90-', 100)).toEqual({ from: 90, to: 99 });
    expect(rangeOf('bytes=-10', 100)).toEqual({ from: 90, to: 99 });
    expect(rangeOf('bytes=-1000', 100)).toEqual({ from: 0, to: 99 });
    expect(rangeOf('bytes=50-1000', 100)).toEqual({ from: 50, to: 99 });
    expect(rangeOf('bytes=100-', 100)).toBeNull();
    expect(rangeOf('bytes=9-0', 100)).toBeNull();
    for (const odd of [undefined, 'bytes=-', 'bytes=0-1,5-6', 'lines=1-2', 'bytes=a-b'])
      expect(rangeOf(odd, 100)).toBeUndefined();
  });
});

describe('listening in', () => {
  it('puts what the bot says beside the caller at its time, and forgets what was cut', () => {
    const mixer = new ListenMixer(8000);
    mixer.bot(20, new Int16Array(320).fill(7));
    expect([...mixer.caller(0, new Int16Array(160).fill(1)).subarray(0, 2)]).toEqual([1, 0]);
    expect([...mixer.caller(20, new Int16Array(160).fill(1)).subarray(0, 2)]).toEqual([1, 7]);
    mixer.cutBot(40);
    expect([...mixer.caller(40, new Int16Array(160).fill(1)).subarray(0, 2)]).toEqual([1, 0]);
  });
});

describe('the numbers by the hour', () => {
  it('do not call a conversation served without a person when one was asked for and nobody came', async () => {
    const bus = new LiveBus();
    const stats = new HourlyStats({ path: join(folder, 'asked.json'), bus, logger: pino({ level: 'silent' }) });
    const begun = Date.now();
    const live = (id: string, ...states: string[]) => {
      bus.publish({ type: 'callStarted', call: { id, startedAtMs: begun } } as never);
      for (const state of states) bus.publish({ type: 'callChanged', callId: id, changes: { state } } as never);
      bus.publish({ type: 'callEnded', callId: id, cause: 'normal' } as never);
    };
    live('alone', 'listening');
    live('rang in vain', 'transferring', 'listening');
    live('waited in vain', 'queued', 'listening');
    live('with a person', 'queued', 'person');
    const [hour] = stats.view(1, begun).buckets;
    expect(hour).toMatchObject({ calls: 4, contained: 1, failed: 2, transferred: 1 });
    await stats.close();
  });

  it('are there after a restart, percentiles within five in a hundred', async () => {
    const path = join(folder, 'stats.json');
    const logger = pino({ level: 'silent' });
    const bus = new LiveBus();
    const stats = new HourlyStats({ path, bus, logger });
    const turn = (turnId: number, responseMs: number) =>
      ({ turnId, responseMs, stages: [{ stage: 'line', fromMs: 0, ms: 1 }] }) as never;
    for (let index = 1; index <= 100; index++) {
      bus.publish({ type: 'turn', callId: 'a', turn: turn(index, index * 10) });
      bus.publish({ type: 'turn', callId: 'a', turn: turn(index, index * 10) });
    }
    await stats.close();
    const again = new HourlyStats({ path, bus: new LiveBus(), logger });
    await again.load();
    // The hour may strike in between.
    const last = again.view(2).buckets.findLast(({ responseP50Ms }) => responseP50Ms !== null);
    expect(Math.abs((last?.responseP50Ms ?? 0) / 500 - 1)).toBeLessThan(0.06);
    expect(Math.abs((last?.responseP95Ms ?? 0) / 950 - 1)).toBeLessThan(0.06);
    await again.close();
  });
});
