import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { gzipSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { TestBrowser } from '../test/support/browser.js';
import { ServiceProcess } from '../test/support/hearken.js';
import { findProgram } from '../test/support/needs.js';
import { eventually } from '../test/support/processes.js';

/**
 * The claim: the widget is at most 40 kB gzipped; a click on "talk" is followed by the bot's first audible sample within a second; and 50 pages that talk at once get none of
 * their audio late. `clickToAudioMs` is the median of five calls in a real Chromium (null without one), from the click event to the page telling the service that the first
 * sound was played. A frame is late when it comes after the moment its predecessors have been played; the page then plays on from it. One that is late by no more than this process itself was
 * held up just then counts under `heldUpHere`: it had come, and fifty pages are not one process. `npm run -s bench:web -- --json`;
 * `--callers <n>` (default 50).
 */

const CALLERS = Number(option('--callers') ?? 50);
const CLICKS = 5;
const RATE = 16_000;
const FRAME_BYTES = (RATE / 50) * 2;
/** Each caller asks this many things after the greeting, typed, so that nobody's recogniser is what is measured. */
const QUESTIONS = ['营业时间是几点', '怎么退货'];
const LIMIT_MS = 60_000;
const TICK_MS = 5;
const root = resolve(import.meta.dirname, '..');

/** How long this process was held up before now: a timer that should have fired every few ms tells. */
class OwnDelay {
  #timer: NodeJS.Timeout | undefined;
  #ticks: [atMs: number, lateMs: number][] = [];
  #lastMs = 0;

  start(): void {
    this.#lastMs = performance.now();
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      this.#ticks.push([nowMs, nowMs - this.#lastMs - TICK_MS]);
      if (this.#ticks.length > 100) this.#ticks.splice(0, 50);
      this.#lastMs = nowMs;
    }, TICK_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Longest stand-still of the moment: since the last tick, or one that ended in this very round of the loop. */
  heldUpMs(nowMs: number): number {
    const ended = this.#ticks.filter(([atMs]) => nowMs - atMs < 2 * TICK_MS).map(([, lateMs]) => lateMs);
    return Math.max(0, nowMs - this.#lastMs - TICK_MS, ...ended);
  }
}

const own = new OwnDelay();

const built = (await import(join(root, 'scripts/bootstrap.mjs'))) as {
  ensureReady(options: { quiet: boolean }): Promise<unknown>;
};
await built.ensureReady({ quiet: true });
const folder = mkdtempSync(join(tmpdir(), 'hearken-bench-web-'));
const config = join(folder, 'bench.yml');
writeFileSync(
  config,
  `speech: {promptCacheFolder: ${JSON.stringify(join(root, 'node_modules/.cache/hearken-test-prompts'))}}\nwidget: {tokensPerMinute: 1000}\n`,
);
const service = await ServiceProcess.start(folder, { HEARKEN_CONFIG: config });
try {
  const clicks = findProgram('chromium') === undefined ? [] : await clickToAudio(service.url);
  const { lateFrames, ...seen } = await crowd(service.url, service.mediaUrl);
  const report = {
    widgetGzipBytes: gzipSync(readFileSync(join(root, 'web/dist/widget/hearken-call.js')), { level: 9 }).length,
    clickToAudioMs: median(clicks),
    lateFrames,
    clicks,
    callers: CALLERS,
    ...seen,
  };
  if (process.argv.includes('--json')) console.log(JSON.stringify(report, null, 2));
  else console.dir(report);
} finally {
  await service.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Ms from click to first sound, for several calls of one visitor. */
async function clickToAudio(url: string): Promise<number[]> {
  const browser = await TestBrowser.start();
  try {
    const page = await (await browser.visitor({ locale: 'zh-CN' })).newPage();
    // "a…" is the mark behind the first frame that is no silence.
    await page.addInitScript(`
      addEventListener('click', () => { window.clickedAt = performance.now(); window.heardAt = undefined; }, true);
      const send = WebSocket.prototype.send;
      WebSocket.prototype.send = function (data) {
        if (typeof data === 'string' && data.includes('"mark"') && data.includes('"a')) window.heardAt ??= performance.now();
        return send.call(this, data);
      };`);
    await page.goto(`${url}/widget/`);
    await page.getByRole('button', { name: /打开语音助手/ }).click();
    const times: number[] = [];
    for (let call = 0; call < CLICKS; call++) {
      await page.getByRole('button', { name: /开始通话|再次通话/ }).click();
      await eventually(
        'a first sound',
        () => page.evaluate('window.heardAt !== undefined') as Promise<boolean>,
        30_000,
      );
      times.push(Math.round((await page.evaluate('window.heardAt - window.clickedAt')) as number));
      await page.getByRole('button', { name: '挂断' }).click();
    }
    return times;
  } finally {
    await browser.stop();
  }
}

interface Heard {
  frames: number;
  late: number;
  heldUpHere: number;
  /** It got no answer within a minute. */
  unanswered: number;
  gaps: number;
  worstLateMs: number;
  refused: number;
}

/** Pages that all call at once, listen and ask. */
async function crowd(url: string, mediaUrl: string) {
  const { origin } = new URL(url);
  // Once through it alone, so that what is measured is no synthesis of things said for the first time.
  await caller(mediaUrl, origin, await token(url, origin, 'warm-up'));
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  own.start();
  const tokens = await Promise.all(Array.from({ length: CALLERS }, (_, n) => token(url, origin, `visitor-${n}`)));
  const all = await Promise.all(tokens.map((pass) => caller(mediaUrl, origin, pass)));
  delay.disable();
  own.stop();
  return {
    /** How late this process itself was at worst: lateness up to that is not the service's. */
    ownDelayMs: Math.round(delay.max / 1e6),
    lateFrames: all.reduce((sum, { late }) => sum + late, 0),
    heldUpHere: all.reduce((sum, each) => sum + each.heldUpHere, 0),
    unanswered: all.reduce((sum, each) => sum + each.unanswered, 0),
    refused: all.reduce((sum, { refused }) => sum + refused, 0),
    gaps: all.reduce((sum, { gaps }) => sum + gaps, 0),
    frames: all.reduce((sum, { frames }) => sum + frames, 0),
    worstLateMs: Math.round(Math.max(...all.map(({ worstLateMs }) => worstLateMs))),
  };
}

async function token(url: string, origin: string, address: string): Promise<string> {
  const response = await fetch(`${url}/api/widget/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ origin, address }),
  });
  return ((await response.json()) as { token: string }).token;
}

/** One page: microphone open, an ear that plays in real time, marks answered when they are reached. */
function caller(mediaUrl: string, origin: string, pass: string): Promise<Heard> {
  return new Promise((done, fail) => {
    const heard: Heard = { frames: 0, late: 0, heldUpHere: 0, unanswered: 0, gaps: 0, worstLateMs: 0, refused: 0 };
    const socket = new WebSocket(mediaUrl, 'hearken.media.v1', { origin });
    const questions = [...QUESTIONS];
    const timers = new Set<NodeJS.Timeout>();
    let earMs = 0;
    let playing = false;
    let last = 'nothing';
    const limit = setTimeout(() => {
      heard.unanswered = 1;
      process.stderr.write(`a caller got no further: ${questions.length} questions left, last came ${last}\n`);
      finish();
    }, LIMIT_MS);
    const microphone = setInterval(() => socket.readyState === 1 && socket.send(Buffer.alloc(FRAME_BYTES)), 20);
    const send = (message: object): void => socket.send(JSON.stringify(message));
    const finish = (error?: Error): void => {
      clearTimeout(limit);
      clearInterval(microphone);
      for (const timer of timers) clearTimeout(timer);
      socket.close(1000);
      if (error) fail(error);
      else done(heard);
    };
    socket.once('error', (error) => finish(error));
    socket.once('open', () =>
      send({
        type: 'start',
        callId: 'bench',
        direction: 'inbound',
        caller: 'web',
        callee: 'web:widget',
        media: { encoding: 'pcm16', sampleRate: RATE },
        token: pass,
      }),
    );
    socket.on('message', (data: Buffer, binary) => {
      const nowMs = performance.now();
      if (binary) {
        const frames = data.length / FRAME_BYTES;
        heard.frames += frames;
        if (playing && nowMs > earMs) {
          // All of it would have been playing by now.
          heard.gaps += 1;
          const late = Math.min(frames, Math.ceil((nowMs - earMs) / 20));
          if (nowMs - earMs > own.heldUpMs(nowMs)) heard.late += late;
          else heard.heldUpHere += late;
          heard.worstLateMs = Math.max(heard.worstLateMs, nowMs - earMs);
        }
        earMs = Math.max(earMs, nowMs) + frames * 20;
        playing = true;
        return;
      }
      const message = JSON.parse(data.toString()) as { type: string; code: string; name: string; message: string };
      last = data.toString().slice(0, 200);
      // A service that has all it can do says so instead of serving everybody badly.
      if (message.code === 'OVERLOADED') heard.refused = 1;
      if (message.type === 'error') finish(heard.refused > 0 ? undefined : new Error(message.message));
      if (message.type !== 'mark') return;
      const end = message.name.startsWith('p');
      if (end) playing = false;
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          send({ type: 'mark', name: message.name });
          if (!end) return;
          const next = questions.shift();
          if (next === undefined) finish();
          else send({ type: 'text', text: next });
        },
        Math.max(0, earMs - nowMs),
      );
      timers.add(timer);
    });
  });
}

function median(values: readonly number[]): number | null {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? null;
}

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
}
