import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { encodeWav } from '../../src/dsp/wav.js';
import { findProgram } from './needs.js';
import { removeFolder } from './processes.js';

export interface BrowserOptions {
  /** What the microphone hears, mono; said once, then there is silence. Without it the microphone is silent. */
  readonly says?: { readonly samples: Int16Array; readonly sampleRate: number };
  /** False: the visitor says no when asked for the microphone. */
  readonly microphone?: boolean;
  readonly args?: readonly string[];
}

/** Debian's Chromium with a microphone that plays a recording. */
export class TestBrowser {
  readonly browser: Browser;
  readonly #folder: string;

  private constructor(browser: Browser, folder: string) {
    this.browser = browser;
    this.#folder = folder;
  }

  static async start(options: BrowserOptions = {}): Promise<TestBrowser> {
    const executablePath = findProgram('chromium');
    if (executablePath === undefined) throw new Error('chromium is not installed');
    const folder = mkdtempSync(join(tmpdir(), 'hearken-browser-'));
    const sound = join(folder, 'microphone.wav');
    const { samples, sampleRate } = options.says ?? { samples: new Int16Array(16_000), sampleRate: 16_000 };
    writeFileSync(sound, encodeWav([samples], sampleRate));
    const browser = await chromium.launch({
      executablePath,
      headless: true,
      timeout: 120_000,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--use-fake-device-for-media-stream',
        `--use-file-for-fake-audio-capture=${sound}%noloop`,
        ...(options.microphone === false ? ['--deny-permission-prompts'] : ['--use-fake-ui-for-media-stream']),
        ...(options.args ?? []),
      ],
    });
    return new TestBrowser(browser, folder);
  }

  /** A visitor of their own: storage, permissions and all. */
  async visitor(settings: Parameters<Browser['newContext']>[0] = {}): Promise<BrowserContext> {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 }, ...settings });
    context.setDefaultTimeout(60_000);
    return context;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    removeFolder(this.#folder);
  }
}
