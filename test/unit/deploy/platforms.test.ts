import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { NEXT_FORMATS } from '../../../src/media/platforms/next-step.js';
import { PLATFORMS } from '../../../src/media/platforms/wire.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const files = [
  ...readdirSync(join(root, 'deploy/platforms')).map((name) => `deploy/platforms/${name}`),
  'deploy/asterisk/extensions-media.conf',
  'deploy/asterisk/websocket_client.conf',
];

describe('the examples for other platforms', () => {
  it('there is one for each, and the guide names it', () => {
    const guide = read('docs/protocols-of-others.md');
    for (const platform of PLATFORMS) expect(files.map(read).join()).toContain(platform);
    for (const file of files) expect(guide).toContain(`../${file}`);
  });

  it.each(files)('%s asks only for what is there', (file) => {
    const text = read(file);
    const paths = [...text.matchAll(/\/media\/([a-z]+)(?:\/([a-z]+))?/g)];
    for (const [, first = '', second] of paths) {
      if (first === 'next') expect(NEXT_FORMATS).toContain(second);
      else expect(PLATFORMS).toContain(first);
    }
    const known = read('src/config.ts');
    for (const [name] of text.matchAll(/HEARKEN_(?:PLATFORM|TWILIO|AUDIOSOCKET|PUBLIC)[A-Z_]*/g))
      expect(known).toContain(name);
    if (file.endsWith('.json')) expect(() => JSON.parse(text)).not.toThrow();
  });
});
