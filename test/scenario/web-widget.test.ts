import { mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page, WebSocket } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { concat } from '../../src/dsp/framing.js';
import { TestBrowser } from '../support/browser.js';
import { ServiceProcess } from '../support/hearken.js';
import { describeWith } from '../support/needs.js';
import { eventually, removeFolder, root, Stage } from '../support/processes.js';
import { spoken } from '../support/speech.js';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** With HEARKEN_PICTURES=1 the pictures in docs/pictures are made anew. */
const pictures = process.env.HEARKEN_PICTURES === '1' ? join(root, 'docs/pictures') : undefined;

/** Rules of WCAG 2.2 A and AA, and what axe calls best practice. */
async function violations(page: Page): Promise<unknown[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    const { violations: found } = await axe.run();
    return found.map(({ id, nodes }) => ({
      id,
      nodes: nodes.map(({ html, failureSummary }) => [html, failureSummary]),
    }));
  });
}

async function picture(page: Page, name: string): Promise<void> {
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`), animations: 'disabled' });
}

/** What went over the socket of a call, with the time of each. */
class Wire {
  readonly received: { atMs: number; message: Record<string, unknown> }[] = [];
  readonly sent: { atMs: number; message: Record<string, unknown> }[] = [];
  /** Each frame of the microphone that was sent. */
  readonly #microphone: { readonly atMs: number; readonly level: number }[] = [];
  #audioAtMs = 0;

  constructor(page: Page) {
    page.on('websocket', (socket) => this.#watch(socket));
  }

  /** When the widget last got audio to play. */
  get audioAtMs(): number {
    return this.#audioAtMs;
  }

  async until(what: string, passes: (message: Record<string, unknown>) => boolean, limitMs = 60_000) {
    return eventually(
      what,
      () => this.received.find(({ message }) => passes(message)),
      limitMs,
      () => JSON.stringify(this.received.slice(-12)),
    );
  }

  #watch(socket: WebSocket): void {
    socket.on('framereceived', ({ payload }) => {
      if (typeof payload === 'string') this.received.push({ atMs: performance.now(), message: JSON.parse(payload) });
      else this.#audioAtMs = performance.now();
    });
    socket.on('framesent', ({ payload }) => {
      if (typeof payload === 'string') this.sent.push({ atMs: performance.now(), message: JSON.parse(payload) });
      else this.#heard(payload);
    });
  }

  #heard(payload: Buffer): void {
    const samples = Array.from({ length: payload.length >> 1 }, (_, at) => payload.readInt16LE(2 * at));
    this.#microphone.push({ atMs: performance.now(), level: level(samples) });
  }

  /**
   * When the frame with this place of the recording was sent. Found by laying the recording's loudness over that of all frames: the browser's echo canceller holds a voice down while
   * the answer plays, so that the beginning of a word can't be told by its own loudness.
   */
  sentAtMs(recording: Int16Array, placeMs: number): number {
    const known = Array.from({ length: Math.floor(recording.length / FRAME) }, (_, at) =>
      level(recording.subarray(at * FRAME, (at + 1) * FRAME)),
    );
    const heard = this.#microphone.map((frame) => frame.level);
    const alike = (shift: number) => known.reduce((sum, one, at) => sum + one * (heard[at - shift] ?? 0), 0);
    const shifts = Array.from({ length: 2 * MOST_SHIFT + 1 }, (_, at) => at - MOST_SHIFT);
    const best = shifts.reduce((one, other) => (alike(other) > alike(one) ? other : one));
    const frame = this.#microphone[Math.round(placeMs / 20) - best];
    if (frame === undefined) throw new Error(`no frame of the microphone at ${placeMs} ms of the recording was sent`);
    return frame.atMs;
  }
}

/** 20 ms at 8 kHz. */
const FRAME = 160;
/** Of quiet before the voice in what `spoken` gives. */
const LEAD_MS = 300;
/** Four seconds: between the microphone's beginning and the first frame sent lies the greeting's asking for a pass. */
const MOST_SHIFT = 200;

/** Root of the loudness, so that one loud vowel doesn't outweigh a sentence. */
function level(samples: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < samples.length; at += 1) sum += (samples[at] ?? 0) ** 2;
  return (sum / Math.max(1, samples.length)) ** 0.25;
}

const conversationId = `JSON.parse(Object.values(sessionStorage)[0]).pass.conversationId`;
const silence = (ms: number): Int16Array => new Int16Array(ms * 8);
const lines = (page: Page) => page.locator('hearken-call li');

describeWith(['chromium'], 'the widget in a real browser', () => {
  const stage = new Stage();
  let data: string;
  let url: string;
  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'hearken-widget-'));
    const service = stage.add(await ServiceProcess.start(data));
    url = `${service.url}/widget/`;
  });
  afterAll(async () => {
    await stage.clear();
    removeFolder(data);
  });

  // In real time on every side: a machine that stands still for a second at the wrong moment makes it another conversation.
  it('a visitor asks aloud, talks over the answer, reloads the page in the middle, and is handed to a person', {
    retry: 2,
  }, async () => {
    const asksFor = concat([silence(7000), spoken('opening-hours', '营业时间是几点'), silence(3000)]);
    const says = concat([asksFor, spoken('return', '我要退货'), silence(60_000)]);
    const browser = await TestBrowser.start({ says: { samples: says, sampleRate: 8000 } });
    try {
      const page = await (await browser.visitor({ locale: 'zh-CN' })).newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      const wire = new Wire(page);
      await page.goto(url);
      await page.getByRole('button', { name: /打开语音助手/ }).click();
      await page.getByRole('button', { name: '开始通话' }).click();
      await wire.until('the greeting', ({ type, who }) => type === 'transcript' && who === 'bot');
      await page.getByText('正在回答').waitFor();
      // Word by word: some of it is still to come while it plays.
      await page.locator('hearken-call .rest').first().waitFor({ state: 'attached' });
      await wire.until('a partial of the question', ({ who, final }) => who === 'caller' && final === false);
      const question = await wire.until(
        'the question',
        ({ who, final, text }) => who === 'caller' && final === true && String(text).includes('营业时间'),
      );
      await page.getByText('九点').first().waitFor();

      // Talked over: the answer is stopped, and shown as far as it was heard.
      // On a slow machine the question may have been said into the greeting, which is another interruption.
      const clear = await eventually('the answer being stopped', () =>
        wire.received.find(({ atMs, message }) => message.type === 'clear' && atMs > question.atMs),
      );
      const cleared = await eventually('the widget saying that it is silent', () =>
        wire.sent.find(({ message }) => message.type === 'cleared' && message.generation === clear.message.generation),
      );
      const voiceAtMs = wire.sentAtMs(says, asksFor.length / 8 + LEAD_MS);
      // 222 ms on a quiet machine, of which 200 are `turn.bargeInVoiceMs`; how long ears take under load is not the widget's.
      expect(cleared.atMs - voiceAtMs).toBeGreaterThan(0);
      expect(cleared.atMs - voiceAtMs).toBeLessThan(1000);
      expect(cleared.atMs - clear.atMs).toBeLessThan(300);
      expect(cleared.message.generation).toBe(clear.message.generation);
      await wire.until(
        'the return',
        ({ who, final, text }) => who === 'caller' && final === true && String(text).includes('退货'),
      );
      await picture(page, 'widget-call-light-desktop');
      await page.getByRole('button', { name: '拨号键盘' }).click();
      expect(await violations(page)).toEqual([]);
      await picture(page, 'widget-keypad-light-desktop');
      await page.keyboard.press('Escape');

      const said = await lines(page).allTextContents();
      const session = (await wire.until('ready', ({ type }) => type === 'ready')).message.sessionId;
      const before = wire.received.length;
      await page.reload();
      const again = await eventually('the call going on', () =>
        wire.received.slice(before).find(({ message }) => message.type === 'ready'),
      );
      expect(again.message.sessionId).toBe(session);
      await expect.poll(async () => (await lines(page).allTextContents()).slice(0, 3)).toEqual(said.slice(0, 3));

      const transfers: unknown[] = [];
      await page.exposeFunction('handedOver', (target: string) => transfers.push(target));
      await page.evaluate(`document.querySelector('hearken-call').addEventListener('hearken-transfer', (event) => {
        event.preventDefault();
        handedOver(event.detail.target);
        event.detail.complete();
      })`);
      await page.getByRole('button', { name: '静音', exact: true }).click();
      await page.getByText('已静音').waitFor();
      await page.getByRole('button', { name: '转人工' }).click();
      await wire.until(
        'the end of the call',
        ({ type, cause }) => type === 'hangup' && cause === 'transferred',
        90_000,
      );
      // What the page's own listener got takes a way of its own to here.
      await eventually('the page being told of it', () => transfers.length > 0);
      expect(transfers).toEqual([expect.stringMatching(/^sip:/)]);
      await page.getByText('已为您转接人工客服').waitFor();
      expect(errors).toEqual([]);
    } finally {
      await browser.stop();
    }
  });

  it('whoever refuses the microphone types; what they type is only ever text; every page passes axe', async () => {
    const browser = await TestBrowser.start({ microphone: false });
    try {
      const context = await browser.visitor({ locale: 'zh-CN', colorScheme: 'dark' });
      const page = await context.newPage();
      const broken: string[] = [];
      page.on('console', (message) => {
        if (message.text().includes('Content Security Policy')) broken.push(message.text());
      });
      await page.goto(url);
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Tab');
      await page.getByRole('button', { name: /打开语音助手/ }).focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Enter');
      await page.getByText('麦克风权限被拒绝').waitFor();
      await picture(page, 'widget-refused-dark-desktop');
      expect(await violations(page)).toEqual([]);

      const input = page.getByRole('textbox', { name: '输入消息' });
      await input.fill('营业时间');
      await input.press('Enter');
      await page.getByText('九点').first().waitFor();
      const attack = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';
      await input.fill(attack);
      await input.press('Enter');
      await page.getByText(attack).waitFor();
      await eventually('an answer to it', async () => (await lines(page).count()) >= 4);
      expect(await page.evaluate(() => (globalThis as { pwned?: number }).pwned)).toBeUndefined();
      expect(await page.locator('hearken-call img, hearken-call script').count()).toBe(0);
      expect(await violations(page)).toEqual([]);

      // On the next page everything is still there, and the service knows the conversation.
      const conversation = await page.evaluate(conversationId);
      await page.goto(`${url}?language=en`);
      await page.getByText(attack).waitFor();
      expect(await page.evaluate(conversationId)).toBe(conversation);
      expect(await violations(page)).toEqual([]);
      await page.getByRole('heading', { name: 'Voice assistant' }).waitFor();
      await picture(page, 'widget-english-dark-desktop');

      // Choices are buttons: taken by keyboard, shown by their title, gone with the answer; the keyboard stays in the conversation.
      await page.getByRole('textbox', { name: 'Type a message' }).fill('what can you do');
      await page.keyboard.press('Enter');
      const choices = page.getByRole('group', { name: 'Choices' });
      await choices.getByRole('button', { name: 'Return', exact: true }).focus();
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Enter');
      await page.locator('hearken-call li.caller', { hasText: /Return$/ }).waitFor();
      await page
        .getByText(/order number/)
        .first()
        .waitFor();
      await choices.waitFor({ state: 'detached' });
      expect(await page.getByText('/return_request').count()).toBe(0);
      expect(await page.evaluate(`document.querySelector('hearken-call').shadowRoot.activeElement?.className`)).toBe(
        'lines',
      );
      await page.keyboard.press('Escape');
      expect(broken).toEqual([]);

      for (const [colorScheme, width] of [
        ['light', 390],
        ['dark', 390],
        ['light', 1280],
        ['dark', 1280],
      ] as const) {
        const phone = await (
          await browser.visitor({ locale: 'zh-CN', colorScheme, viewport: { width, height: 800 } })
        ).newPage();
        await phone.goto(url);
        await phone.getByRole('button', { name: /打开语音助手/ }).click();
        await phone.getByRole('textbox', { name: '输入消息' }).fill('营业时间');
        await phone.keyboard.press('Enter');
        await phone.getByText('九点').first().waitFor();
        await phone.getByRole('textbox', { name: '输入消息' }).fill('你能做什么');
        await phone.keyboard.press('Enter');
        await phone.getByRole('group', { name: '选项' }).getByRole('button', { name: '转人工' }).waitFor();
        await picture(phone, `widget-text-${colorScheme}-${width < 500 ? 'phone' : 'desktop'}`);
        expect(await violations(phone)).toEqual([]);
        await phone.close();
      }
    } finally {
      await browser.stop();
    }
  });
});
