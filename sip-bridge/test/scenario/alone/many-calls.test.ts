import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { describeWith } from '../../../../test/support/needs.js';
import { type BridgeProcess, FakeMediaService, runSipp, startBridgeProcess } from '../../../src/index.js';
import { share, tone } from '../../support/g711.js';
import { until } from '../../support/recorder.js';

const SCENARIO = fileURLToPath(new URL('../../sipp/caller-speaks.xml', import.meta.url));
const CALLS = 50;

let service: FakeMediaService | undefined;
let bridge: BridgeProcess | undefined;

afterEach(async () => {
  await bridge?.stop();
  await service?.kill();
  bridge = undefined;
  service = undefined;
});

interface CallLine {
  readonly msg: string;
  readonly answered: boolean;
  readonly rtp: { sentPackets: number; receivedPackets: number; lostPackets: number; droppedFrames: number };
}

describeWith(['sipp'], 'fifty calls at once, placed by sipp', () => {
  it('are all answered, heard and spoken to, and none is lost', async () => {
    service = await FakeMediaService.start();
    const toned = new Map<string, number>();
    service.on('session', (session) => {
      session.play(tone(440, 5000));
      session.mark('said');
      session.on('audio', (frame) => {
        if (share(frame, 1000) > 0.8) toned.set(session.id, (toned.get(session.id) ?? 0) + 1);
      });
    });
    bridge = await startBridgeProcess({ env: { HEARKEN_MEDIA_URL: service.url } });
    const result = await runSipp({
      scenario: SCENARIO,
      target: `127.0.0.1:${bridge.sipPort}`,
      calls: CALLS,
      rate: 50,
      speech: tone(1000, 5000),
      limitMs: 120_000,
    });
    expect(result, result.output).toMatchObject({ exitCode: 0, successful: CALLS, failed: 0 });

    expect(service.sessions).toHaveLength(CALLS);
    expect(service.problems).toEqual([]);
    // 5 s of tone are 250 frames; what sipp sends before its peer is known is lost.
    const counts = service.sessions.map((session) => toned.get(session.id) ?? 0);
    expect(Math.min(...counts)).toBeGreaterThan(225);
    for (const session of service.sessions) await session.waitFor('mark', 30_000);

    const ended = (): CallLine[] =>
      (bridge?.log ?? [])
        .filter((line) => line.includes('"a call is over"'))
        .map((line) => JSON.parse(line) as CallLine);
    await until(() => ended().length === CALLS, 'every call is accounted for');
    for (const { answered, rtp } of ended()) {
      expect(answered).toBe(true);
      // 6 s at 50 packets a second, less what a machine that stands still for a second has to pass over.
      expect(rtp.sentPackets).toBeGreaterThan(225);
      expect(rtp.droppedFrames).toBe(0);
    }
    expect(bridge.problems()).toEqual([]);
    expect(await bridge.health()).toMatchObject({ status: 'ok', calls: 0, answeredCalls: CALLS, apologies: 0 });
  });
});
