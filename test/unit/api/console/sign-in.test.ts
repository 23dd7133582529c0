import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeBrain } from '../../../../src/testing/fake-brain.js';
import {
  auditOf,
  ConsoleClient,
  type ConsoleServer,
  eventually,
  PASSWORD,
  startConsole,
} from '../../../support/console.js';

let server: ConsoleServer;
let nowMs = 1_000_000;
beforeEach(async () => {
  nowMs = 1_000_000;
  server = await startConsole(new FakeBrain(() => []), { console: { nowMs: () => nowMs } });
});
afterEach(() => server.close());

describe('signing in to the console', () => {
  it('says how the first user is made while there is none, and has no password of its own', async () => {
    const nobody = new ConsoleClient(server.url);
    expect((await nobody.get('/me')).body.hint).toMatch(/hearken users add/);
    const tried = await nobody.signIn('admin', 'admin');
    expect(tried.status).toBe(401);
    expect(nobody.cookie).toBe('');
  });

  it('gives a cookie that scripts and other sites do not get, and tells who one is', async () => {
    await server.user('anna', 'supervisor');
    const client = new ConsoleClient(server.url);
    const answer = await client.signIn('anna', PASSWORD);
    expect(answer.headers.get('set-cookie')).toMatch(/; Path=\/console; HttpOnly; SameSite=Strict$/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const me = (await client.get('/me')).body;
    expect(me).toMatchObject({ name: 'anna', displayName: 'ANNA', roles: ['supervisor'], can: { listenIn: true } });
  });

  it('takes nothing from pages of other sites, whatever cookie comes along', async () => {
    const anna = await server.user('anna', 'agent');
    const plain = { 'x-hearken-console': '' };
    expect((await anna.post('/sign-out', undefined, plain)).status).toBe(403);
    expect((await anna.post('/sign-out', undefined, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await anna.post('/sign-out', undefined, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await anna.get('/me')).status).toBe(200);
  });

  it('is over after signing out, and the old cookie opens nothing', async () => {
    const anna = await server.user('anna', 'agent');
    expect((await anna.post('/sign-out')).status).toBe(204);
    expect((await anna.get('/me')).status).toBe(401);
    expect((await anna.get('/calls')).status).toBe(401);
  });

  it('a wrong name and a wrong password look alike, and whoever goes on guessing has to wait', async () => {
    await server.user('anna', 'agent');
    const guesser = new ConsoleClient(server.url);
    const wrong = await guesser.signIn('anna', 'not her password');
    const unknown = await guesser.signIn('nobody', 'not her password');
    expect([unknown.status, unknown.body.message]).toEqual([wrong.status, wrong.body.message]);
    for (let attempt = 0; attempt < 4; attempt++) await guesser.signIn('anna', 'not her password');
    const locked = await guesser.signIn('anna', PASSWORD);
    expect(locked.status).toBe(429);
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
    nowMs += 3000;
    expect((await guesser.signIn('anna', PASSWORD)).status).toBe(200);
  });

  it('an office’s slips of the pen do not add up to a wait for everybody, but guessing does', async () => {
    const names = ['p1', 'p2', 'p3', 'p4'];
    for (const name of names) await server.user(name, 'agent');
    const person = new ConsoleClient(server.url);
    for (let day = 0; day < 4; day++)
      for (const name of names) {
        await person.signIn(name, 'slipped password');
        await person.signIn(name, 'slipped password');
        expect((await person.signIn(name, PASSWORD)).status, `day ${day}`).toBe(200);
      }
    const guesser = new ConsoleClient(server.url);
    for (let guess = 0; guess < 30; guess++) await guesser.signIn(`guess${guess}`, 'some password');
    expect((await guesser.signIn('p1', PASSWORD)).status).toBe(429);
  });

  it('ends when it is not used, after its longest life, and with its user', async () => {
    const anna = await server.user('anna', 'agent');
    nowMs += 3_500_000;
    expect((await anna.get('/me')).status).toBe(200);
    nowMs += 3_700_000;
    expect((await anna.get('/me')).status).toBe(401);
    await anna.signIn('anna', PASSWORD);
    for (let hour = 0; hour < 13; hour++) {
      nowMs += 3_500_000;
      await anna.get('/me');
    }
    expect((await anna.get('/me')).status).toBe(401);
    await anna.signIn('anna', PASSWORD);
    await server.parts.users.remove('anna');
    expect((await anna.get('/me')).status).toBe(401);
  });

  it('a new password ends the sessions that the old one began', async () => {
    const anna = await server.user('anna', 'agent');
    await server.parts.users.change('anna', { password: 'another good sentence' });
    expect((await anna.get('/me')).status).toBe(401);
    expect((await anna.signIn('anna', PASSWORD)).status).toBe(401);
    expect((await anna.signIn('anna', 'another good sentence')).status).toBe(200);
  });

  it('keeps agents out of what is for supervisors', async () => {
    const anna = await server.user('anna', 'agent');
    for (const path of ['/health', '/stats', '/playground']) expect((await anna.get(path)).status, path).toBe(403);
    expect((await anna.post('/desk/calls/any/join')).status).toBe(403);
  });

  it('writes down who came and who tried', async () => {
    const anna = await server.user('anna', 'agent');
    await anna.signIn('anna', 'not her password');
    await anna.signIn('her password in the wrong field', 'x');
    const entries = await eventually('the audit', async () => {
      const text = await auditOf(server);
      const lines = text
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      return lines.length >= 3 && lines;
    });
    expect(entries).toMatchObject([
      { who: 'anna', what: 'signIn' },
      { who: '', what: 'signInFailed', about: 'anna' },
      { who: '', what: 'signInFailed', about: '?' },
    ]);
    expect(JSON.stringify(entries)).not.toContain('wrong field');
    expect(JSON.stringify(entries)).not.toContain('not her password');
  });
});
