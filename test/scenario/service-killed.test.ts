import { expect, it } from 'vitest';
import { concat } from '../../src/dsp/framing.js';
import { Baresip } from '../support/baresip.js';
import { BridgeProcess, ServiceProcess } from '../support/hearken.js';
import { describeWith } from '../support/needs.js';
import { eventually, freePorts } from '../support/processes.js';
import { openScene } from '../support/scene.js';
import { speechMs } from '../support/sound.js';

const quietCaller = (name: string): Promise<Baresip> =>
  Baresip.start({ name, autoAnswer: false, speech: new Int16Array(8 * 60_000) });

describeWith(['baresip'], 'the service is killed in the middle of a call', () => {
  it.concurrent('the caller hears the apology, the call ends, and the next call is answered as ever', async ({
    onTestFinished,
  }) => {
    const { stage, folder } = openScene('killed', onTestFinished);
    // Not one that the system hands out by itself: it could have somebody else's by the time the service is started again.
    const port = String(await freePorts());
    const service = stage.add(await ServiceProcess.start(folder, { HEARKEN_PORT: port }));
    const bridge = stage.add(await BridgeProcess.start(service.mediaUrl));
    const caller = stage.add(await quietCaller('first'));
    await caller.dial(`sip:bot@127.0.0.1:${bridge.sipPort}`);
    await caller.printed(/Call established/i);
    // Well inside the greeting or after it: the bot has been heard.
    await eventually('the bot being heard', () => (caller.heardMs()[0] ?? 0) > 2500);
    const beforeMs = caller.heardMs()[0] ?? 0;
    service.kill('SIGKILL');
    await caller.printed(/closed|terminated|Call with .* ended/i);

    const heard = concat(await caller.heard());
    const afterKill = heard.subarray(Math.round(beforeMs * 8));
    expect(speechMs(afterKill)).toBeGreaterThan(1500);
    expect(bridge.running).toBe(true);
    expect(bridge.output).not.toMatch(/unhandled|uncaught/i);

    stage.add(await ServiceProcess.start(folder, { HEARKEN_PORT: port }));
    const next = stage.add(await quietCaller('second'));
    await next.dial(`sip:bot@127.0.0.1:${bridge.sipPort}`);
    await eventually('the bot being heard again', () => (next.heardMs()[0] ?? 0) > 2500);
    expect(speechMs(concat(await next.heard()))).toBeGreaterThan(800);
  });

  it.concurrent('without a service at all, the caller still hears the apology', async ({ onTestFinished }) => {
    const { stage } = openScene('alone', onTestFinished);
    const bridge = stage.add(await BridgeProcess.start('ws://127.0.0.1:9/media'));
    const caller = stage.add(await quietCaller('alone'));
    await caller.dial(`sip:bot@127.0.0.1:${bridge.sipPort}`);
    // Words only: a bare status code would also match a port number in the phone's own log.
    await caller.printed(/closed|terminated|Call with .* ended/i);
    expect(speechMs(concat(await caller.heard()))).toBeGreaterThan(1500);
  });
});
