import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { describeWith } from '../../../../test/support/needs.js';
import { FakeMediaService, runSipp } from '../../../src/index.js';
import type { Weight } from '../../support/measured-bridge.js';

const MODULE = fileURLToPath(new URL('../../support/measured-bridge.ts', import.meta.url));
const SCENARIO = fileURLToPath(new URL('../../sipp/caller-speaks.xml', import.meta.url));
/** `HEARKEN_MEMORY_CALLS=2000` for a longer look. */
const CALLS = Number(process.env.HEARKEN_MEMORY_CALLS ?? 200);
const FIRST_CALLS = 100;
/** Code that is compiled late, measured at 0.5 MB whatever the number of calls. */
const WARM_UP_BYTES = 1_000_000;
/** Answers are kept for 32 s in case the question comes again (RFC 3261 §17.2.2); a forgotten leg would be 10 kB. */
const BYTES_PER_CALL = 1000;

let service: FakeMediaService | undefined;
let child: ChildProcess | undefined;

afterEach(async () => {
  child?.kill('SIGKILL');
  await service?.kill();
  child = undefined;
  service = undefined;
});

describeWith(['sipp'], 'a bridge after its calls', () => {
  it(`holds nothing of ${CALLS} calls, and its memory is what it was before them`, async () => {
    const fake = await FakeMediaService.start({ echo: true });
    service = fake;
    fake.on('session', (session) => session.mark('heard'));
    const bridge = fork(MODULE, [fake.url], { execArgv: ['--expose-gc', '--import', 'tsx'] });
    child = bridge;
    const { port } = await answer<{ port: number }>(bridge);

    const crowd = async (calls: number): Promise<Weight> => {
      const result = await runSipp({
        ...{ scenario: SCENARIO, target: `127.0.0.1:${port}`, calls, rate: 25, holdMs: 300 },
        limitMs: 120_000 + calls * 100,
      });
      expect(result, result.output).toMatchObject({ successful: calls, failed: 0 });
      return quiet(bridge);
    };
    const before = await crowd(FIRST_CALLS);
    const after = await crowd(CALLS);

    expect(after.health.answeredCalls).toBe(FIRST_CALLS + CALLS);
    expect(after.resources).toEqual(before.resources);
    const allowedBytes = WARM_UP_BYTES + CALLS * BYTES_PER_CALL;
    expect(after.heapBytes - before.heapBytes).toBeLessThan(allowedBytes);
    expect(after.outsideBytes - before.outsideBytes).toBeLessThan(allowedBytes);
    expect(fake.problems).toEqual([]);
    if (process.env.HEARKEN_MEMORY_CALLS) process.stderr.write(`${JSON.stringify({ before, after })}\n`);
  }, 600_000);
});

/** Asks until the bridge's own books are empty. On a machine that is far behind, a BYE to a sipp that has gone already is repeated for 32 s first. */
async function quiet(bridge: ChildProcess, limitMs = 120_000): Promise<Weight> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const reply = answer<Weight>(bridge);
    bridge.send('weigh');
    const weight = await reply;
    const { calls, held } = weight.health;
    if (calls === 0 && Object.values(held).every((count) => count === 0) && weight.resources.Timeout === 1)
      return weight;
    if (Date.now() > deadline) expect({ calls, ...held, resources: weight.resources }).toEqual({});
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function answer<Answer>(process: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    process.once('exit', reject);
    process.once('message', (message) => {
      process.off('exit', reject);
      resolve(message as Answer);
    });
  });
}
