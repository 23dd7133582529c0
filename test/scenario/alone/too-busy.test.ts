import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SipPhone } from '@hearken/sip-bridge';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RawPhone } from '../../../sip-bridge/test/support/raw-phone.js';
import { BridgeProcess, ServiceProcess } from '../../support/hearken.js';
import { eventually, removeFolder, root, Stage } from '../../support/processes.js';

let folder: string;
let stage: Stage;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-busy-'));
  stage = new Stage();
});
afterEach(async () => {
  await stage.clear();
  removeFolder(folder);
});

async function metricOf(url: string, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = new RegExp(`^hearken_${name} (\\S+)$`, 'm').exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

describe('a recogniser that has all it can do', () => {
  it('refuses the next caller with 503 and Retry-After, counts that, and has room again when a call is over', async () => {
    const config = join(folder, 'busy.yml');
    const prompts = join(root, 'node_modules/.cache/hearken-test-prompts');
    writeFileSync(
      config,
      `speech:\n  maxStreamsPerWorker: 1\n  promptCacheFolder: ${JSON.stringify(prompts)}\nbridge:\n  retryAfterSeconds: 17\n`,
    );
    const service = stage.add(await ServiceProcess.start(folder, { HEARKEN_CONFIG: config }));
    const bridge = stage.add(await BridgeProcess.start(service.mediaUrl, { HEARKEN_CONFIG: config }));
    const phone = await SipPhone.create({ fillSilence: true });
    try {
      const to = `sip:bot@127.0.0.1:${bridge.sipPort}`;
      const first = await phone.call(to);
      await first.answered;
      expect(await metricOf(service.url, 'calls_refused')).toBe(0);

      const second = await RawPhone.open(bridge.sipPort);
      second.send(second.invite());
      const refusal = await second.heard(/^SIP\/2\.0 [3-6]\d\d/);
      expect(refusal).toMatch(/^SIP\/2\.0 503/);
      expect(refusal).toMatch(/^Retry-After: 17\r?$/m);
      second.ack();
      await second.close();
      expect(await metricOf(service.url, 'calls_refused')).toBe(1);
      expect(await metricOf(service.url, 'calls_live')).toBe(1);

      await first.hangup();
      await eventually(
        'the call is over for the service',
        async () => (await metricOf(service.url, 'calls_live')) === 0,
      );
      const third = await phone.call(to);
      await third.answered;
      await third.hangup();
    } finally {
      await phone.close();
    }
  });
});
