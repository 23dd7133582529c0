import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ffmpeg from '@ffmpeg-installer/ffmpeg';
import type { Page } from 'playwright-core';
import { root } from './processes.js';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** With HEARKEN_PICTURES=1 the pictures in docs/pictures are made anew. */
export const PICTURES = process.env.HEARKEN_PICTURES === '1' ? join(root, 'docs/pictures') : undefined;

/** Rules of WCAG 2.2 A and AA, and what axe calls best practice; `rules`: only these. */
export async function violations(page: Page, rules?: readonly string[]): Promise<unknown[]> {
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(axeSource);
  return page.evaluate(async (only) => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(
          options: object,
        ): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }>;
      };
    };
    const { violations: found } = await axe.run(only === undefined ? {} : { runOnly: { type: 'rule', values: only } });
    return found.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map(({ html, failureSummary }) => [html, failureSummary]),
    }));
  }, rules);
}

/** A picture for docs, in 256 colours. */
export async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'hearken-picture-'));
  try {
    const whole = join(folder, 'whole.png');
    await page.screenshot({ path: whole, animations: 'disabled' });
    const palette = '[0:v]split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=dither=none';
    const output = join(PICTURES, `${name}.png`);
    execFileSync(ffmpeg.path, [
      '-v',
      'error',
      '-y',
      '-i',
      whole,
      '-lavfi',
      palette,
      '-compression_level',
      '100',
      output,
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
