import { afterEach, describe, expect, it } from 'vitest';
import { FakeBrain } from '../../../../src/testing/fake-brain.js';
import { type ConsoleServer, startConsole } from '../../../support/console.js';

const model = (language: string, name: string | null) => ({ kind: 'recognizer' as const, language, name, reason: '' });
const store = (ok: boolean) => ({ name: 'conversations', kind: 'postgres', ok, detail: '' });

describe('the health page', () => {
  let server: ConsoleServer;
  afterEach(() => server.close());

  it.each([
    ['ok', model('zh-CN', 'asr-zh-phone'), store(true)],
    ['degraded', model('zh-CN', null), store(true)],
    ['degraded', model('zh-CN', 'asr-zh-phone'), store(false)],
  ])('says %s', async (status, heard, kept) => {
    const facts = () => ({ calls: 0, models: [heard], stores: [kept], workers: [] });
    server = await startConsole(new FakeBrain(() => []), { facts });
    const boss = await server.user('boss', 'supervisor');
    expect((await boss.get('/health')).body).toMatchObject({ status, models: [{ name: heard.name }] });
  });
});
