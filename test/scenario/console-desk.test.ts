import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BotAction } from '../../src/dialogue/brain.js';
import { FakeBrain, say } from '../../src/testing/fake-brain.js';
import { FakeClock } from '../../src/testing/fake-clock.js';
import { TestBrowser } from '../support/browser.js';
import { type ConsoleClient, type ConsoleServer, startConsole } from '../support/console.js';
import { describeWith } from '../support/needs.js';
import { violations } from '../support/pages.js';

const transfer: BotAction = { type: 'transfer', reason: 'requested', summary: '', slots: {} };

describeWith(['chromium'], 'a day at the desk, in a real browser', () => {
  /** Of the desk: nothing rings too long unless the test says so. */
  let clock: FakeClock;
  let server: ConsoleServer;
  let browser: TestBrowser;
  beforeAll(async () => {
    browser = await TestBrowser.start();
  });
  afterAll(() => browser?.stop());
  beforeEach(async () => {
    clock = new FakeClock();
    const brain = new FakeBrain((input) =>
      input.type === 'text' && input.text.includes('person') ? [say('One moment.'), transfer] : [say('I am the bot.')],
    );
    server = await startConsole(brain, { clock });
  });
  afterEach(async () => {
    await Promise.all(browser.browser.contexts().map((context) => context.close()));
    await server.close();
  });

  /** A page of the console's, of who is signed in already. */
  async function open(client: ConsoleClient, place: string): Promise<Page> {
    const context = await browser.visitor({ locale: 'en-GB' });
    const [name = '', value = ''] = client.cookie.split('=');
    await context.addCookies([{ name, value, domain: '127.0.0.1', path: '/console', sameSite: 'Strict' }]);
    const page = await context.newPage();
    await page.goto(`${server.url}/console/#/${place}`);
    await page.locator('.link-state.up').waitFor();
    return page;
  }

  /** The desk knows it when this resolves: whoever asks for a person from now on is offered here. */
  async function becomeAvailable(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Available', exact: true }).click();
    await page.locator('.segments [aria-pressed=true]', { hasText: 'Available' }).waitFor();
  }

  async function writes(conversationId: string, text: string): Promise<void> {
    const response = await fetch(`${server.url}/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ conversationId, text, language: 'en' }),
    });
    expect(response.status).toBe(200);
  }

  const read = async (conversationId: string): Promise<string[]> => {
    const response = await fetch(`${server.url}/chat/messages?conversationId=${conversationId}`);
    const { messages } = (await response.json()) as { messages: { who: string; text: string }[] };
    return messages.filter(({ who }) => who === 'agent').map(({ text }) => text);
  };

  it('begins where people work: an agent at the desk, a supervisor with the live calls', async () => {
    const title = (page: Page) => page.getByRole('heading', { level: 1 }).textContent();
    expect(await title(await open(await server.user('anna', 'agent'), ''))).toBe('Agent desk');
    expect(await title(await open(await server.user('sue', 'supervisor'), ''))).toBe('Live calls');
  });

  it('with two visitors at once: what is written to one never goes to the other, and what the other writes is seen', async () => {
    const anna = await server.user('anna', 'agent');
    const page = await open(anna, 'desk');
    const tabs = page.getByRole('navigation', { name: 'Parts of the desk' });
    await becomeAvailable(page);
    for (const visitor of ['first', 'second']) {
      await writes(visitor, 'a person, please');
      await page.getByRole('article').getByText('The caller asked for one').waitFor();
      await page.getByRole('button', { name: 'Accept' }).click();
      await page.getByRole('article').waitFor({ state: 'detached' });
    }
    const composer = page.getByLabel(/Write to the visitor/);
    const [first, second] = [tabs.getByRole('link').nth(0), tabs.getByRole('link').nth(1)];
    await first.click();
    await tabs.locator('li:nth-child(1) a[aria-current]').waitFor();
    await composer.fill('only for the first');
    await page.getByLabel('Notes').fill('the first one’s note');
    await second.click();
    await tabs.locator('li:nth-child(2) a[aria-current]').waitFor();
    expect(await composer.inputValue()).toBe('');
    expect(await page.getByLabel('Notes').inputValue()).toBe('');
    await writes('first', 'are you still there?');
    await first.getByText('1 new message').waitFor();
    expect(await page.title()).toMatch(/^\(1\) new message/);
    // Two visitors without a name are told apart by when they came.
    expect(await first.textContent()).toMatch(/\d:\d\d/);
    expect(await violations(page)).toEqual([]);
    await composer.fill('for the second');
    await composer.press('Enter');
    await page.locator('hk-transcript .said.agent', { hasText: 'for the second' }).waitFor();
    await first.click();
    await page.getByText('are you still there?').waitFor();
    await first.getByText('new message').waitFor({ state: 'detached' });
    expect(await composer.inputValue()).toBe('only for the first');
    expect(await page.getByLabel('Notes').inputValue()).toBe('the first one’s note');
    expect([await read('first'), await read('second')]).toEqual([[], ['for the second']]);
    // Who is busy sees what they will be afterwards.
    await page.locator('.badge', { hasText: 'Busy' }).waitFor();
    await page.getByRole('button', { name: 'Away', exact: true }).click();
    await page.locator('.segments [aria-pressed=true]', { hasText: 'Away' }).waitFor();
  });

  it('long words of a visitor make no page wider than its window, and are marked as being of their language', async () => {
    const chief = await server.user('chief', 'admin');
    await chief.put('/desk/presence', { presence: 'available' });
    await writes('long', `a person for ${'https://shop.example.com/'.repeat(6)}`);
    const page = await open(chief, 'desk');
    const said = page.getByRole('article').getByText('a person for');
    await said.waitFor();
    expect(await said.getAttribute('lang')).toBe('en');
    for (const place of ['desk', 'live/long', 'supervisor'])
      for (const width of [320, 1280]) {
        // 320 px: a window of 1280 at four times the size (WCAG 2.2, 1.4.10).
        await page.setViewportSize({ width, height: 800 });
        await page.goto(`${server.url}/console/#/${place}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        const wider = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
        expect(await page.evaluate(wider), `${place} at ${width}`).toBeLessThanOrEqual(0);
      }
  });

  it('notes that were being typed when the page is loaded anew are kept', async () => {
    const bo = await server.user('bo', 'agent');
    const page = await open(bo, 'desk');
    await becomeAvailable(page);
    await writes('third', 'a person, please');
    await page.getByRole('button', { name: 'Accept' }).click();
    await page.getByLabel('Notes').fill('half a sentence');
    await page.reload();
    await page.getByLabel('Notes').waitFor();
    await expect.poll(async () => page.getByLabel('Notes').inputValue()).toBe('half a sentence');
    expect(await violations(page)).toEqual([]);
  });

  it('a page that the browser keeps silent until it is touched says so until then', async () => {
    const di = await server.user('di', 'agent');
    const page = await open(di, 'desk');
    await page.getByRole('button', { name: 'Available', exact: true }).click();
    // Whether a touch counts after a reload or in another tab the browser decides, now so and now so: here it never does.
    await page.addInitScript(`
      let touched = false;
      addEventListener('pointerdown', () => { touched = true; }, true);
      Object.defineProperty(navigator, 'userActivation', { get: () => ({ hasBeenActive: touched }) });`);
    await page.locator('.segments [aria-pressed=true]', { hasText: 'Available' }).waitFor();
    await page.reload();
    const hint = page.getByText('until then your browser keeps its ring silent');
    await hint.waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('heading').first().click();
    await hint.waitFor({ state: 'detached' });
  });

  it('whoever missed a ring is told when they come back, and is available again with one press', async () => {
    const kim = await server.user('kim', 'agent');
    const page = await open(kim, 'desk');
    await becomeAvailable(page);
    await writes('fifth', 'a person, please');
    await page.getByRole('article').waitFor();
    await clock.advance(20_000);
    await page.getByText(/It rang here at .* and nobody took it/).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'I am available' }).first().click();
    await page.getByText(/nobody took it/).waitFor({ state: 'detached' });
    await page.locator('.segments [aria-pressed=true]', { hasText: 'Available' }).waitFor();
  });

  it('a supervisor who takes a conversation over can answer it', async () => {
    const boss = await server.user('boss', 'supervisor');
    await writes('fourth', 'hello');
    const page = await open(boss, 'supervisor');
    await page.getByRole('button', { name: /Take over/ }).click();
    await page.getByLabel(/Write to the visitor/).fill('This is the boss.');
    await page.keyboard.press('Enter');
    await expect.poll(() => read('fourth')).toEqual(['This is the boss.']);
    // It never rings at them, so there is nothing to set.
    expect(await page.getByRole('button', { name: 'Available', exact: true }).count()).toBe(0);
    expect(await violations(page)).toEqual([]);
  });
});
