import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkCounts, TroubledNetworkOptions } from '@hearken/sip-bridge';
import { distance } from 'fastest-levenshtein';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallReport } from '../../../src/replay/call-report.js';
import { BridgeProcess, ServiceProcess } from '../../support/hearken.js';
import { Hosts, namespacesAllowed } from '../../support/hosts.js';
import { removeFolder, root, Stage, TestProcess } from '../../support/processes.js';

const RECORDINGS = ['audio/calls/opening-hours.wav', 'audio/calls/complaint.wav'];
const CLEAN = { lossPercent: 0, jitterMs: 0, duplicatePercent: 0 };
const BAD = { lossPercent: 5, jitterMs: 60, duplicatePercent: 3 };
const MOVE_AFTER_PACKETS = 150;
/** Of the characters that were said, more than in the clean run. */
const WORSE_BY = 0.1;
const TOKEN = 'a-token-of-the-test';

let folder: string;
let stage: Stage;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-trouble-'));
  stage = new Stage();
});
afterEach(async () => {
  await stage.clear();
  removeFolder(folder);
});

const where = namespacesAllowed
  ? 'phone, bridge and the network between them in namespaces of their own'
  : 'on loopback: this machine allows no namespaces of our own';

describe(`a network that loses, delays, reorders and doubles packets (${where})`, () => {
  // In real time on every side: a machine that stands still for a second at the wrong moment makes it another conversation.
  it('calls go on, also from another address in mid-call, and are understood nearly as well as on a good one', {
    retry: 1,
  }, async () => {
    const hosts = stage.add(await Hosts.create(namespacesAllowed));
    const { left, right, middle } = hosts;
    const service = stage.add(
      await ServiceProcess.start(
        folder,
        { HEARKEN_HOST: namespacesAllowed ? '0.0.0.0' : '127.0.0.1', HEARKEN_MEDIA_TOKEN: TOKEN },
        middle.through,
      ),
    );
    const { port } = new URL(service.url);
    const config = join(folder, 'bridge.yml');
    // The audio moves to another address of the same network: a phone whose NAT changed.
    writeFileSync(config, 'bridge:\n  rtp:\n    latchNetworks: [127.0.0.0/8, 10.77.2.0/24]\n');
    const bridge = stage.add(
      await BridgeProcess.start(
        `ws://${middle.right}:${port}/media`,
        { HEARKEN_SIP_HOST: right.address, HEARKEN_CONFIG: config, HEARKEN_MEDIA_TOKEN: TOKEN },
        right.through,
      ),
    );

    const calls = [CLEAN, BAD].flatMap((trouble) => RECORDINGS.map((file, index) => ({ trouble, file, index })));
    const networks = calls.map(
      ({ trouble, index }): TroubledNetworkOptions => ({
        ...{ bridgePort: bridge.sipPort, seed: 77 + index, trouble },
        hosts: { bridge: right.address, outside: middle.left, inside: middle.right },
      }),
    );
    // In mid-call, while the greeting is heard: what is said in the half second that a change takes is lost on any network.
    const move = calls.map(({ trouble }) =>
      trouble === BAD ? { address: middle.moved, afterPackets: MOVE_AFTER_PACKETS } : null,
    );
    const network = stage.add(
      new TestProcess({
        command: process.execPath,
        args: [join(root, 'sip-bridge/dist/testing/troubled-network-process.js'), JSON.stringify({ networks, move })],
        through: middle.through,
        typed: true,
      }),
    );
    const { uris } = JSON.parse((await network.printed(/\{"uris".*\}/))[0]) as { uris: string[] };
    const reports = await Promise.all(
      calls.map(async ({ file }, index): Promise<CallReport> => {
        const phone = stage.add(
          new TestProcess({
            command: process.execPath,
            args: [
              ...[join(root, 'dist/cli/run.js'), 'call', join(root, file), '--json', '--to', uris[index] ?? ''],
              ...['--from', `caller${index}`, '--host', left.address, '--service', `http://${middle.left}:${port}`],
              ...['--limit', '120', '--record', join(folder, `${index}.wav`)],
            ],
            through: left.through,
          }),
        );
        await phone.exited();
        const json = /^\{$[\s\S]*^\}$/m.exec(phone.output)?.[0];
        if (json === undefined) throw new Error(`the phone says:\n${phone.output.slice(-2000)}`);
        return JSON.parse(json) as CallReport;
      }),
    );
    network.endInput();
    const { counts } = JSON.parse((await network.printed(/\{"counts".*\}/))[0]) as {
      counts: (NetworkCounts & { moved: boolean })[];
    };
    const [clean, bad] = [reports.slice(0, RECORDINGS.length), reports.slice(RECORDINGS.length)];

    // All calls together: one call has twenty characters, of which a single lost packet can cost one.
    const story = JSON.stringify({ clean, bad, counts }, null, 1);
    for (const { passed, lost, doubled, overtaken, moved } of counts.slice(RECORDINGS.length)) {
      expect(passed, story).toBeGreaterThan(500);
      expect(lost / (passed + lost)).toBeGreaterThan(0.03);
      expect(doubled / passed).toBeGreaterThan(0.015);
      expect(overtaken / passed).toBeGreaterThan(0.1);
      expect(moved).toBe(true);
    }
    expect(
      reports.every(({ turns }) => turns.length > 1),
      story,
    ).toBe(true);
    expect(errorShare(bad), story).toBeLessThanOrEqual(errorShare(clean) + WORSE_BY);
    expect(bad.map(intentsOf), story).toEqual(clean.map(intentsOf));
    expect(bridge.output).not.toMatch(/unhandled|uncaught|"level":(?:50|60)/i);
    if (process.env.HEARKEN_SHOW) process.stderr.write(`${story}\n`);
  });
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
  return pairs.reduce((sum, pair) => sum + distance(pair.said, pair.heard), 0) / Math.max(1, said);
}

function plain(text: string): string {
  return text.replace(/[\s\p{P}]/gu, '').toLowerCase();
}
