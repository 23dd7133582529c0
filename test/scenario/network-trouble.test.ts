import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TroubledNetwork } from '../../sip-bridge/src/testing/troubled-network.js';
import { callWithRecording } from '../../src/cli/call.js';
import type { CallReport } from '../../src/replay/call-report.js';
import { BridgeProcess, ServiceProcess } from '../support/hearken.js';
import { root, Stage } from '../support/processes.js';

const RECORDINGS = ['audio/calls/opening-hours.wav', 'audio/calls/order-status.wav'];
const CLEAN = { lossPercent: 0, jitterMs: 0, duplicatePercent: 0 };
const BAD = { lossPercent: 5, jitterMs: 60, duplicatePercent: 3 };
const MOVE_AFTER_PACKETS = 150;
/** Of the characters that were said, more than in the clean run. */
const WORSE_BY = 0.1;

let folder: string;
let stage: Stage;
let networks: TroubledNetwork[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-trouble-'));
  stage = new Stage();
  networks = [];
});
afterEach(async () => {
  await Promise.all(networks.map((network) => network.close()));
  await stage.clear();
  rmSync(folder, { recursive: true, force: true });
});

describe('a network that loses, delays, reorders and doubles packets', () => {
  it('calls go on, also from another address in mid-call, and are understood nearly as well as on a good one', async () => {
    const service = stage.add(await ServiceProcess.start(folder));
    const config = join(folder, 'bridge.yml');
    // The audio moves to 127.0.0.2: a phone whose NAT changed.
    writeFileSync(config, 'bridge:\n  rtp:\n    latchNetworks: [127.0.0.0/8]\n');
    const bridge = stage.add(await BridgeProcess.start(service.mediaUrl, { HEARKEN_CONFIG: config }));

    const call = async (file: string, index: number, bad: boolean): Promise<CallReport> => {
      const network = await TroubledNetwork.open({
        ...{ bridgePort: bridge.sipPort, seed: 77 + index },
        trouble: bad ? BAD : CLEAN,
      });
      networks.push(network);
      let moved: Promise<void> | undefined;
      // In mid-call, while the greeting is heard: what is said in the half second that a change takes is lost on any network.
      const mover = setInterval(() => {
        if (bad && network.audio.passed > MOVE_AFTER_PACKETS) moved ??= network.changeAddress();
      }, 50);
      stage.add({ stop: async () => clearInterval(mover) });
      const report = await callWithRecording(join(root, file), {
        ...{ to: network.uri, from: `caller${index}`, host: '127.0.0.1', longestMs: 50_000, straight: false },
        service: service.url,
        record: join(folder, `${bad ? 'bad' : 'clean'}-${index}.wav`),
        signal: new AbortController().signal,
        onProgress: () => undefined,
      });
      clearInterval(mover);
      await moved;
      if (bad) {
        const { passed, lost, doubled, overtaken } = network.audio;
        expect(passed).toBeGreaterThan(500);
        expect(lost / (passed + lost)).toBeGreaterThan(0.03);
        expect(doubled / passed).toBeGreaterThan(0.015);
        expect(overtaken / passed).toBeGreaterThan(0.1);
        expect(moved).toBeDefined();
      }
      return report;
    };
    const [clean, bad] = await Promise.all(
      [false, true].map((trouble) => Promise.all(RECORDINGS.map((file, index) => call(file, index, trouble)))),
    );

    // All calls together: one call has twenty characters, of which a single lost packet can cost one.
    const story = JSON.stringify({ clean, bad }, null, 1);
    expect(clean?.every(({ turns }) => turns.length > 1) && bad?.every(({ turns }) => turns.length > 1), story).toBe(
      true,
    );
    expect(errorShare(bad ?? []), story).toBeLessThanOrEqual(errorShare(clean ?? []) + WORSE_BY);
    expect(bad?.map(intentsOf), story).toEqual(clean?.map(intentsOf));
    expect(bridge.output).not.toMatch(/unhandled|uncaught|"level":(?:50|60)/i);
    if (process.env.HEARKEN_SHOW)
      process.stderr.write(
        `${JSON.stringify({ clean, bad, networks: networks.map(({ audio }) => audio) }, null, 1)}\n`,
      );
  }, 90_000);
});

/** Without the goodbye: the bot may answer the "no" of "no, thank you" and hang up, on any network. */
function turnsOf({ turns }: CallReport): CallReport['turns'] {
  return turns.slice(0, -1);
}

function intentsOf(report: CallReport): (string | null)[] {
  return turnsOf(report).map(({ intent }) => intent);
}

/** Wrong, missing and added characters of what was heard, by the number of those that were said. */
function errorShare(reports: readonly CallReport[]): number {
  const pairs = reports.map((report) => ({
    said: [...new Set(turnsOf(report).map((turn) => turn.said ?? ''))].map(plain).join(''),
    heard: turnsOf(report)
      .map((turn) => plain(turn.heard ?? ''))
      .join(''),
  }));
  const said = pairs.reduce((sum, pair) => sum + pair.said.length, 0);
  return pairs.reduce((sum, pair) => sum + edits(pair.said, pair.heard), 0) / Math.max(1, said);
}

function plain(text: string): string {
  return text.replace(/[\s\p{P}]/gu, '').toLowerCase();
}

function edits(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const now = [row];
    for (let column = 1; column <= b.length; column++) {
      const swap = (before[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      now.push(Math.min(swap, (before[column] ?? 0) + 1, (now[column - 1] ?? 0) + 1));
    }
    before = now;
  }
  return before[b.length] ?? 0;
}
