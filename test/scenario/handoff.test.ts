import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { concat } from '../../src/dsp/framing.js';
import { readAudioFile } from '../../src/speech/audio-file.js';
import { Baresip } from '../support/baresip.js';
import { BridgeProcess, ServiceProcess } from '../support/hearken.js';
import { Kamailio } from '../support/kamailio.js';
import { describeWith } from '../support/needs.js';
import { eventually, removeFolder, root, Stage } from '../support/processes.js';
import { speechMs, tone, toneMs } from '../support/sound.js';

const AGENT_TONE_HZ = 440;

let data: string;
let stage: Stage;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'hearken-handoff-'));
  stage = new Stage();
});
afterEach(async () => {
  await stage.clear();
  removeFolder(data);
});

const silence = (ms: number): Int16Array => new Int16Array(ms * 8);

describeWith(['baresip', 'kamailio'], 'a caller asks for a person, on phones that are not ours', () => {
  it('hears the bot, is referred, and hears the agent', async () => {
    const kamailio = stage.add(await Kamailio.start());
    const service = stage.add(await ServiceProcess.start(data, { HEARKEN_AGENT: `sip:agent@${kamailio.address}` }));
    stage.add(
      await BridgeProcess.start(service.mediaUrl, {
        HEARKEN_SIP_REGISTRAR: `sip:${kamailio.address}`,
        HEARKEN_SIP_USER: 'bot',
        HEARKEN_SIP_PASSWORD: 'secret',
      }),
    );
    await kamailio.registered('bot');
    const agent = stage.add(
      await Baresip.start({
        name: 'agent',
        registrar: kamailio.address,
        autoAnswer: true,
        speech: tone(AGENT_TONE_HZ, 60_000),
      }),
    );
    // What a caller says is a recording; the greeting is heard first, and the line stays open afterwards.
    const wish = await readAudioFile(join(root, 'audio/calls/human.wav'), { sampleRate: 8000 });
    const caller = stage.add(
      await Baresip.start({
        name: 'caller',
        registrar: kamailio.address,
        autoAnswer: false,
        speech: concat([silence(5000), wish, silence(60_000)]),
      }),
    );

    await caller.dial(`sip:bot@${kamailio.address}`);
    await agent.printed(/Call established|answered/i, 90_000).catch((error: Error) => {
      throw new Error(
        `${error.message}\n--- service\n${service.output.slice(-3000)}\n--- caller\n${caller.log.slice(-1500)}`,
      );
    });
    // The service says how the hand-off ended, and the bot's leg is gone while the caller talks on.
    await service.printed(/call is over/);
    await eventually('three seconds of conversation with the agent', () => (caller.heardMs()[1] ?? 0) > 3000);

    const heardByCaller = concat(await caller.heard());
    const heardByAgent = concat(await agent.heard());
    expect(speechMs(heardByCaller, AGENT_TONE_HZ)).toBeGreaterThan(2000);
    expect(toneMs(heardByCaller, AGENT_TONE_HZ)).toBeGreaterThan(1000);
    // The bot speaks first, the agent afterwards.
    const firstTone = firstMs(heardByCaller, (part) => toneMs(part, AGENT_TONE_HZ) > 100);
    const firstSpeech = firstMs(heardByCaller, (part) => speechMs(part, AGENT_TONE_HZ) > 100);
    expect(firstSpeech).toBeLessThan(firstTone);
    expect(heardByAgent.length).toBeGreaterThan(8000);
  });
});

function firstMs(samples: Int16Array, matches: (part: Int16Array) => boolean): number {
  for (let start = 0; start + 1600 <= samples.length; start += 1600)
    if (matches(samples.subarray(start, start + 1600))) return start / 8;
  return Number.POSITIVE_INFINITY;
}
