import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { configSchema, loadConfig } from '../../src/config.js';
import { HearkenError } from '../../src/errors.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(text: string): string {
  const file = join(folder, 'hearken.yml');
  writeFileSync(file, text);
  return file;
}

function failure(action: () => unknown): HearkenError {
  try {
    action();
  } catch (error) {
    if (error instanceof HearkenError) return error;
    throw error;
  }
  throw new Error('it should have failed');
}

describe('configuration', () => {
  it('runs with defaults and without a file', () => {
    const { config, file } = loadConfig({ root: folder, env: {} });
    expect(file).toBeUndefined();
    expect(config.turn.endSilenceMs).toBe(700);
    expect(config.http.host).toBe('127.0.0.1');
  });

  it('reads the file, and the environment wins', () => {
    write('http:\n  port: 9000\n  host: 0.0.0.0\n');
    const { config, root } = loadConfig({
      root: folder,
      env: { HEARKEN_PORT: '9001', HEARKEN_MODELS: '/a:/b', REDIS_URL: 'redis://r' },
    });
    expect(config.http).toMatchObject({ port: 9001, host: '0.0.0.0' });
    expect(config.speech.modelFolders).toEqual(['/a', '/b']);
    expect(config.store.redisUrl).toBe('redis://r');
    expect(root).toBe(folder);
  });

  it('names an unknown key and a wrong value', () => {
    write('turn:\n  endSilence: 3\nhttp:\n  port: often\n');
    const error = failure(() => loadConfig({ root: folder, env: {} }));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain('endSilence');
    expect(error.message).toContain('http.port');
  });

  it('tells the line of each fault in the file, and the variable where the environment is wrong', () => {
    const file = write('turn:\n  endSilence: 3\napp:\n  # by number\n  languageByCallee:\n    8001: english\n');
    const { message } = failure(() => loadConfig({ root: folder, env: { HEARKEN_PORT: 'abc' } }));
    expect(message).toContain(`${file}:2: turn.endSilence – there is no such key`);
    expect(message).toContain(`${file}:6: app.languageByCallee.8001 – must be a language like zh-CN or en`);
    expect(message).toContain('HEARKEN_PORT: http.port');
  });

  it('refuses a key of programs with a scope that opens nothing', () => {
    const HEARKEN_API_KEYS = `desk:reports:${'a'.repeat(48)}`;
    expect(failure(() => loadConfig({ root: folder, env: { HEARKEN_API_KEYS } })).message).toContain('scopes[0]');
  });

  it('tells line and column of broken YAML', () => {
    write('http:\n  port: [1\nturn: 2\n');
    expect(failure(() => loadConfig({ root: folder, env: {} })).message).toMatch(/hearken\.yml:\d+:\d+/);
  });

  it('refuses a file that is named and not there', () => {
    expect(failure(() => loadConfig({ root: folder, file: 'other.yml', env: {} })).code).toBe('CONFIG_NOT_FOUND');
  });

  it('refuses a file that is only a word, and one that is a bomb of aliases', () => {
    write('hello');
    expect(failure(() => loadConfig({ root: folder, env: {} })).code).toBe('CONFIG_INVALID');
    const bomb = [
      'a: &a [1,1,1,1,1,1,1,1,1]',
      ...'bcdefgh'
        .split('')
        .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[index]}`).join(',')}]`),
    ];
    write(bomb.join('\n'));
    expect(failure(() => loadConfig({ root: folder, env: {} })).code).toBe('CONFIG_INVALID');
  });
});

describe('docs/configuration.md', () => {
  const text = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

  it('tells every key', () => {
    const schema = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as {
      properties: Record<string, { properties?: object }>;
    };
    const keys = Object.entries(schema.properties).flatMap(([section, { properties }]) =>
      properties === undefined ? [section] : Object.keys(properties).map((key) => `${section}.${key}`),
    );
    expect(keys.length).toBeGreaterThan(40);
    expect(keys.filter((key) => !text.includes(`\`${key}\``))).toEqual([]);
  });

  it('tells every environment variable', () => {
    const source = readFileSync(new URL('../../src/config.ts', import.meta.url), 'utf8');
    const names = [...source.matchAll(/^ {2}([A-Z_]+): \{ path:/gm)].map((match) => match[1] as string);
    expect(names.length).toBeGreaterThan(6);
    expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});
