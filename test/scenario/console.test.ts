import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SipPhone } from '@hearken/sip-bridge';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UserStore, usersFile } from '../../src/api/console/user-store.js';
import { concat } from '../../src/dsp/framing.js';
import { TestBrowser } from '../support/browser.js';
import { BridgeProcess, ServiceProcess } from '../support/hearken.js';
import { describeWith } from '../support/needs.js';
import { PICTURES, picture, violations } from '../support/pages.js';
import { eventually, removeFolder, root, Stage } from '../support/processes.js';
import { spoken } from '../support/speech.js';

const PASSWORD = 'correct horse battery';
const ATTACK = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>';
const silence = (ms: number): Int16Array => new Int16Array(ms * 8);

/** Somebody at a page of the console; what the page complains about is kept. */
class Viewer {
  readonly complaints: string[] = [];
  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
    page.on('pageerror', ({ message }) => this.complaints.push(message));
    page.on('console', (message) => {
      if (/Content Security Policy|TrustedHTML/.test(message.text())) this.complaints.push(message.text());
    });
  }

  static async open(context: BrowserContext, url: string): Promise<Viewer> {
    const viewer = new Viewer(await context.newPage());
    await viewer.page.goto(url);
    return viewer;
  }

  async signIn(name: string): Promise<void> {
    await this.page.getByLabel('Name').fill(name);
    await this.page.getByLabel('Password').fill(PASSWORD);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.page.getByRole('navigation', { name: 'Main menu' }).waitFor();
  }

  /** Nothing of a caller's ever became markup. */
  async untouched(): Promise<void> {
    expect(await this.page.evaluate(() => (globalThis as { pwned?: number }).pwned)).toBeUndefined();
    expect(await this.page.locator('hk-app img, hk-app script').count()).toBe(0);
    expect(this.complaints).toEqual([]);
  }
}

describeWith(['chromium'], 'the console in a real browser', () => {
  const stage = new Stage();
  let data: string;
  let url: string;
  let mediaUrl: string;
  let browser: TestBrowser;
  /** Anna's colleague Li's telephone. */
  let agent: SipPhone;
  const phone = async (user: string): Promise<SipPhone> => {
    const made = await SipPhone.create({ user, fillSilence: true });
    stage.add({ stop: () => made.close() });
    return made;
  };
  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), 'hearken-console-'));
    const users = new UserStore(usersFile(data));
    await users.add('anna', { displayName: 'Anna Li', roles: ['agent', 'supervisor', 'admin'], password: PASSWORD });
    await users.add('li', { displayName: 'Li Wei', roles: ['agent'], password: PASSWORD, extension: 'agent' });
    agent = await phone('agent');
    const config = join(data, 'console.yml');
    const cache = join(root, 'node_modules/.cache/hearken-test-prompts');
    const app = PICTURES === undefined ? smallApplication(data) : join(root, 'test/fixtures/dialogue/shop');
    writeFileSync(
      config,
      `speech: {promptCacheFolder: ${JSON.stringify(cache)}}\nconsole: {playgroundApps: [${JSON.stringify(app)}]}\ndesk: {ringMs: 60000}\n`,
    );
    // Again and again: where the pages are slow, the first time is over before anybody listens.
    const asks = concat([spoken('opening-hours', '营业时间是几点'), silence(15_000)]);
    const says = concat([silence(7000), asks, asks, asks, silence(60_000)]);
    const [service, started] = await Promise.all([
      ServiceProcess.start(data, { HEARKEN_CONFIG: config, HEARKEN_AGENT: agent.uri }).then((each) => stage.add(each)),
      TestBrowser.start({ says: { samples: says, sampleRate: 8000 } }),
    ]);
    browser = started;
    url = service.url;
    mediaUrl = service.mediaUrl;
  });
  afterAll(async () => {
    await browser?.stop();
    await stage.clear();
    removeFolder(data);
  });

  const visitor = async (): Promise<Page> => {
    const page = await (await browser.visitor({ locale: 'zh-CN' })).newPage();
    await page.goto(`${url}/widget/`);
    await page.getByRole('button', { name: /打开语音助手/ }).click();
    return page;
  };
  const type = async (page: Page, text: string): Promise<void> => {
    const input = page.getByRole('textbox', { name: '输入消息' });
    await input.fill(text);
    await input.press('Enter');
  };

  it('lets nobody in without the right password, and comes back to the page that was asked for', async () => {
    const context = await browser.visitor({ locale: 'en-GB' });
    const viewer = await Viewer.open(context, `${url}/console/#/calls?query=nothing`);
    const { page } = viewer;
    await page.getByLabel('Name').waitFor();
    await inspect(page, 'sign-in');
    await page.getByLabel('Name').fill('anna');
    await page.getByLabel('Password').fill('guessed password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Name or password is wrong.').waitFor();
    expect(await violations(page)).toEqual([]);
    await viewer.signIn('anna');
    await page.getByRole('heading', { name: 'Conversations', exact: true }).waitFor();
    expect(await page.getByLabel('Words that were said').inputValue()).toBe('nothing');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to Hearken' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in to Hearken' }).waitFor();
    expect(viewer.complaints).toEqual([]);
    await context.close();
  });

  it('shows a call as it happens, lets a supervisor listen, and plays it afterwards', {
    timeout: 400_000,
  }, async () => {
    const viewer = await Viewer.open(await browser.visitor({ locale: 'en-GB' }), `${url}/console/#/live`);
    const { page } = viewer;
    await viewer.signIn('anna');
    await page.locator('.link-state.up').waitFor();
    const caller = await visitor();
    await caller.getByRole('button', { name: '开始通话' }).click();

    // Both sides are heard, each by itself: the bot's greeting while the caller is silent, then the caller.
    await page.getByRole('link', { name: 'Supervisor' }).click();
    await page
      .getByRole('row', { name: /Web call/ })
      .getByRole('button', { name: /Listen in/ })
      .click();
    await page.getByText('You are listening').waitFor();
    await page.locator('hk-listen').evaluate(watchLevels);
    await eventually(
      'the bot alone, and the caller alone',
      async () => (await page.evaluate('heardAlone.bot && heardAlone.caller')) as boolean,
      90_000,
    );
    await page.getByRole('button', { name: 'Stop' }).click();

    await page.getByRole('link', { name: 'Live calls' }).first().click();
    await page.locator('.calls li:not(.over) a', { hasText: 'Web call' }).click();
    const transcript = page.locator('hk-transcript');
    await transcript.locator('.said.bot').first().waitFor();
    const question = transcript.locator('.said.caller', { hasText: '营业时间' }).first();
    await question.waitFor();
    await question.locator('.chip', { hasText: '%' }).first().waitFor();
    await page
      .locator('.turn-list .chip', { hasText: /\d (ms|s)$/ })
      .first()
      .waitFor();
    await transcript.locator('.said.bot', { hasText: '九点' }).first().waitFor();
    await inspect(page, 'live');

    await caller.getByRole('button', { name: '挂断' }).click();
    await page.locator('.card.head .badge', { hasText: 'Ended' }).waitFor();
    await page.getByRole('link', { name: 'Open record' }).click();

    // Afterwards: heard, and each line where it was said.
    await shown(page, page.getByRole('button', { name: 'Play', exact: true }));
    const line = page.locator('hk-transcript .said.caller', { hasText: '营业时间' }).first();
    await eventually('how long the sound is', async () =>
      /\/ 0:[0-9]*[1-9]/.test((await page.locator('hk-player .time').textContent()) ?? ''),
    );
    await line.locator('button.words').click();
    await page.locator('hk-transcript li.playing', { hasText: '营业时间' }).waitFor();
    const at = async (): Promise<number> => Number(await page.locator('hk-waveform').getAttribute('aria-valuenow'));
    const before = await at();
    await eventually('the sound going on', async () => (await at()) > before);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.locator('hk-waveform').focus();
    await page.keyboard.press('Home');
    await expect.poll(at).toBe(0);
    await page.locator('.waterfall li', { hasText: 'Understanding' }).first().waitFor();
    await inspect(page, 'call');
    await viewer.untouched();
    await page.context().close();
    await caller.context().close();
  });

  it('an agent takes a chat over from the bot, answers, and hands it back; what a visitor writes is only ever text', {
    timeout: 400_000,
  }, async () => {
    const viewer = await Viewer.open(await browser.visitor({ locale: 'en-GB' }), `${url}/console/#/desk`);
    const { page } = viewer;
    await viewer.signIn('anna');
    await page.getByRole('button', { name: 'Available', exact: true }).click();
    await page.locator('.segments [aria-pressed=true]', { hasText: 'Available' }).waitFor();
    const caller = await visitor();
    await type(caller, ATTACK);
    await caller.getByText(ATTACK).waitFor();
    await eventually('an answer to it', async () => (await caller.locator('hearken-call li').count()) >= 2);
    await type(caller, '昨天买的东西坏了，我要退货');
    await eventually('an answer to that', async () => (await caller.locator('hearken-call li').count()) >= 4);
    await type(caller, '转人工');
    const ring = page.getByRole('article');
    await ring.waitFor();
    await ring.getByText('昨天买的东西坏了').first().waitFor();
    await expect.poll(() => page.title()).toMatch(/^\(1\) ringing/);
    await inspect(page, 'ring');
    await page.getByRole('button', { name: 'Accept' }).click();
    await page.getByLabel(/Write to the visitor/).fill('您好，我是 Anna，退货的事我来帮您办。');
    await page.keyboard.press('Enter');
    await caller.locator('hearken-call li', { hasText: '我是 Anna' }).waitFor();
    await type(caller, '太好了，谢谢');
    await page.locator('hk-transcript .said.caller', { hasText: '太好了' }).waitFor();
    await page.locator('hk-transcript .said.caller', { hasText: ATTACK }).waitFor();
    await page.getByLabel('Notes').fill('Wants to return a broken item bought yesterday.');
    await page.getByText('Saved').waitFor();
    await inspect(page, 'desk');
    await type(caller, `订单的事 ${ATTACK}`);
    await page.locator('hk-transcript .said.caller', { hasText: '订单的事' }).waitFor();
    await viewer.untouched();

    await page.getByRole('button', { name: 'New ticket' }).click();
    await page.getByLabel('Subject').fill('Return of a broken item');
    await page
      .locator('form', { has: page.getByLabel('Subject') })
      .locator('textarea')
      .fill(ATTACK);
    await page.getByRole('button', { name: 'Create ticket' }).click();
    await page.getByText(/Ticket \d+ was created/).waitFor();
    await page.getByRole('button', { name: 'Hand back to the bot' }).click();
    await page.getByLabel('What it was about').selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('The conversation is closed.').waitFor();
    await type(caller, '营业时间');
    await caller.getByText('九点').first().waitFor();

    // Everywhere else that shows these words.
    await page.goto(`${url}/console/#/live`);
    await page.locator('.calls a', { hasText: 'Text chat' }).first().click();
    await page.locator('hk-transcript').getByText(ATTACK).first().waitFor();
    await viewer.untouched();
    await page.goto(`${url}/console/#/desk/tickets`);
    await page.getByRole('button', { name: /Return of a broken item/ }).waitFor();
    await inspect(page, 'tickets');
    await page.getByRole('button', { name: /Return of a broken item/ }).click();
    await page.locator('.ticket').getByText(ATTACK).waitFor();
    expect(await violations(page)).toEqual([]);
    await viewer.untouched();
    await page.goto(`${url}/console/#/calls`);
    await page.reload();
    await shown(page, page.locator('tbody').getByText(ATTACK).first());
    await inspect(page, 'calls');
    await viewer.untouched();
    await page.locator('tbody tr', { hasText: ATTACK }).first().locator('a').click();
    await page.getByText(ATTACK).first().waitFor();
    for (const tab of ['Facts', 'Trace']) {
      await page.getByRole('tab', { name: tab }).click();
      await viewer.untouched();
    }
    await page.context().close();
    await caller.context().close();
  });

  it('shows what a call by telephone is about, to the agent whose telephone rings, before it is answered', async () => {
    const config = join(data, 'bridge.yml');
    writeFileSync(config, `bridge: {transfer: {deskUrl: "${url}/console/#/desk/phone/{session}"}}\n`);
    const bridge = stage.add(await BridgeProcess.start(mediaUrl, { HEARKEN_CONFIG: config }));
    const viewer = await Viewer.open(await browser.visitor({ locale: 'en-GB' }), `${url}/console/#/desk`);
    const { page } = viewer;
    await viewer.signIn('li');
    await page.locator('.link-state.up').waitFor();
    const link = new Promise<string>((resolve) => {
      agent.once('call', async (call) => {
        // The telephone rings, and the desk shows whom it is.
        const ring = page.getByRole('article');
        await ring.getByText('Your telephone rings').waitFor();
        await ring.getByRole('heading', { name: 'Last words' }).waitFor();
        call.answer();
        resolve(String(call.info?.headers['X-Hearken-Link']));
      });
    });
    const caller = await (await phone('13800138000')).call(`sip:hearken@127.0.0.1:${bridge.sipPort}`);
    await caller.answered;
    await caller.sendDigits('0');
    const address = await link;
    await page.getByText('You talk on the telephone').waitFor();
    await page.getByRole('heading', { name: 'Summary' }).waitFor();
    await inspect(page, 'telephone');
    // What the telephone shows leads to the same.
    expect(address).toMatch(/\/console\/#\/desk\/phone\/[0-9a-f-]{36}$/);
    await page.goto(`${url}/console/#/desk/queue`);
    await page.goto(address);
    await page.getByText('You talk on the telephone').waitFor();
    await page.getByRole('button', { name: 'End', exact: true }).click();
    await page.getByLabel('What it was about').selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('The conversation is closed.').waitFor();
    await caller.hangup();
    await viewer.untouched();
    await page.context().close();
  });

  it('talks and types to an application that is not live, shows how it understands, and callers do not hear of it', {
    timeout: 400_000,
  }, async () => {
    const viewer = await Viewer.open(await browser.visitor({ locale: 'en-GB' }), `${url}/console/#/playground`);
    const { page } = viewer;
    await viewer.signIn('anna');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByLabel('Type what a caller would say').waitFor({ timeout: 150_000 });
    await page.getByLabel('Type what a caller would say').fill('我要退货');
    await page.keyboard.press('Enter');
    await page.locator('.understood .ranking li', { hasText: 'return' }).waitFor({ timeout: 150_000 });
    // Choices are buttons: pressed, they are what was said, and gone.
    await page.getByLabel('Type what a caller would say').fill('你能做什么');
    await page.keyboard.press('Enter');
    const choices = page.getByRole('group', { name: 'Choices' });
    await choices.getByRole('button', { name: '退货', exact: true }).click();
    await page.locator('.bubble.caller', { hasText: /^退货$/ }).waitFor();
    await choices.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Talk', exact: true }).click();
    await page.getByRole('group', { name: 'Call', exact: true }).waitFor();
    // Typed (before it is up: it waits), then said: one conversation, and its answers are heard.
    await page.getByLabel('Type what a caller would say').fill('我要退货');
    await page.keyboard.press('Enter');
    await page
      .locator('.bubble.bot', { hasText: /退|订单/ })
      .first()
      .waitFor();
    await page.locator('.bubble.caller', { hasText: '营业时间' }).first().waitFor();
    await page
      .locator('.bubble.bot:not(.partial)', { hasText: /[八九]点/ })
      .first()
      .waitFor();
    await page.locator('.understood .waterfall li', { hasText: 'Understanding' }).first().waitFor();
    await inspect(page, 'playground');
    await page.getByRole('button', { name: 'Hang up' }).click();
    await page.getByText('The conversation is over').waitFor();
    expect(viewer.complaints).toEqual([]);
    await page.context().close();
  });

  it('says that the line is lost, and comes back by itself', async () => {
    const context = await browser.visitor({ locale: 'en-GB' });
    const viewer = await Viewer.open(context, `${url}/console/#/live`);
    await viewer.signIn('anna');
    const { page } = viewer;
    await page.locator('.link-state.up').waitFor();
    await context.setOffline(true);
    await page.getByText('Connection lost, coming back…').waitFor();
    await context.setOffline(false);
    await page.locator('.link-state.up').waitFor();
    await context.close();
  });

  it('whoever supervises sees how things are, in light and in dark', async () => {
    const viewer = await Viewer.open(await browser.visitor({ locale: 'en-GB' }), `${url}/console/#/supervisor`);
    const { page } = viewer;
    await viewer.signIn('anna');
    await page.locator('hk-chart canvas').first().waitFor();
    await inspect(page, 'supervisor');
    await page.getByRole('link', { name: 'Health' }).click();
    await page.locator('.checks li').first().waitFor();
    await page.getByRole('cell', { name: 'Recognition' }).first().waitFor();
    if (PICTURES !== undefined) await hidePaths(page);
    await inspect(page, 'health');
    expect(viewer.complaints).toEqual([]);
    await page.context().close();
  });
});

/** Waits for what a page shows of the past, and loads it again now and then: the log reaches its database when that is up, which has the lowest claim to the machine. */
async function shown(page: Page, found: Locator): Promise<void> {
  await eventually(
    'what is past',
    async () => {
      const there = await found.waitFor({ timeout: 10_000 }).then(
        () => true,
        () => false,
      );
      if (!there) await page.reload();
      return there;
    },
    240_000,
  );
}

interface Listening {
  querySelector(selector: string): { readonly style: { readonly transform: string } } | null;
}

/** In the page: keeps which side was loud while the other one was silent. The bars show what the loudspeaker gets, each channel for itself. */
function watchLevels(listen: Listening): void {
  const page = globalThis as unknown as {
    heardAlone: { caller: boolean; bot: boolean };
    MutationObserver: new (changed: () => void) => { observe(of: Listening, what: object): void };
  };
  page.heardAlone = { caller: false, bot: false };
  const level = (side: string): number => {
    const transform = listen.querySelector(`.levels .${side}`)?.style.transform ?? '';
    return Number(/scaleX\(([\d.]+)\)/.exec(transform)?.[1] ?? 0);
  };
  new page.MutationObserver(() => {
    const [caller, bot] = [level('caller'), level('bot')];
    if (bot > 0.2 && caller < 0.1) page.heardAlone.bot = true;
    if (caller > 0.2 && bot < 0.1) page.heardAlone.caller = true;
  }).observe(listen, { subtree: true, attributes: true, attributeFilter: ['style'] });
}

/** Where this machine keeps its models is nobody's business. */
async function hidePaths(page: Page): Promise<void> {
  await page.evaluate(`for (const cell of document.querySelectorAll('td')) {
    if (cell.childElementCount === 0) cell.textContent = cell.textContent.replace(/in \\/\\S+/g, 'in /var/lib/hearken/models');
  }`);
}

/** An application that is trained in a moment. */
function smallApplication(folder: string): string {
  const app = join(folder, 'next');
  mkdirSync(app);
  const examples = (words: readonly string[]): string => words.map((word) => `      - ${word}\n`).join('');
  writeFileSync(
    join(app, 'domain.yml'),
    'version: "3.1"\nintents: [opening_hours, return_goods, what_can_you_do]\nresponses:\n  utter_hours:\n    - text: 九点到六点。\n  utter_return:\n    - text: 好的，我们来办退货。\n  utter_what_can_you_do:\n    - text: 请选。\n      buttons: [{title: 退货, payload: /return_goods}]\n',
  );
  writeFileSync(
    join(app, 'nlu.yml'),
    `version: "3.1"\nnlu:\n  - intent: opening_hours\n    examples: |\n${examples(['几点开门', '什么时候营业', '营业时间', '你们几点下班', '周末开门吗'])}` +
      `  - intent: return_goods\n    examples: |\n${examples(['我要退货', '想退掉这个', '东西不要了', '怎么退货', '退款退货'])}` +
      `  - intent: what_can_you_do\n    examples: |\n${examples(['你能做什么', '你会做什么', '有哪些功能', '能帮我什么', '有什么选项'])}`,
  );
  writeFileSync(
    join(app, 'rules.yml'),
    'version: "3.1"\nrules:\n  - rule: hours\n    steps:\n      - intent: opening_hours\n      - action: utter_hours\n  - rule: return\n    steps:\n      - intent: return_goods\n      - action: utter_return\n  - rule: menu\n    steps:\n      - intent: what_can_you_do\n      - action: utter_what_can_you_do\n',
  );
  return app;
}

/** The page passes axe in both colours; for docs there are pictures of it, wide and narrow. */
async function inspect(page: Page, name: string): Promise<void> {
  const size = page.viewportSize();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    // The other colours change nothing but colours.
    const found = await violations(page, colorScheme === 'dark' ? ['color-contrast', 'link-in-text-block'] : undefined);
    expect(found, `${name} in the ${colorScheme}`).toEqual([]);
    if (PICTURES === undefined) continue;
    for (const [width, height, where] of [
      [1280, 800, 'desktop'],
      [390, 844, 'phone'],
    ] as const) {
      await page.setViewportSize({ width, height });
      // Charts and waveforms are drawn anew.
      await page.waitForTimeout(300);
      await picture(page, `console-${name}-${colorScheme}-${where}`);
    }
    if (size !== null) await page.setViewportSize(size);
  }
  await page.emulateMedia({ colorScheme: null });
}
