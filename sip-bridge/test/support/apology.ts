import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tone } from './g711.js';

/** A folder with an "apology" of about a second: three notes with pauses, so that tests need not sit through the real one. */
export function shortApology(): { folder: string; languages: string[]; words: Uint8Array } {
  const folder = mkdtempSync(join(tmpdir(), 'hearken-apology-'));
  const quiet = new Uint8Array(800).fill(0xff);
  const words = Uint8Array.from(Buffer.concat([tone(500, 240), quiet, tone(800, 160), quiet, tone(650, 400), quiet]));
  for (const name of ['test', 'hold']) {
    const bytes =
      name === 'test' ? words : Uint8Array.from(Buffer.concat([tone(440, 100), new Uint8Array(800).fill(0xff)]));
    writeFileSync(join(folder, `${name}.ulaw`), bytes);
    // The tests' phones speak mu-law; what is in here only has to be there.
    writeFileSync(join(folder, `${name}.alaw`), bytes);
  }
  return { folder, languages: ['test'], words };
}
