import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PhoneCall, SipPhone } from '@hearken/sip-bridge';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findRecord, type RecordedEvent } from '../../src/call/record.js';
import { decodeMulaw, encodeMulaw } from '../../src/dsp/g711.js';
import { BridgeProcess, ServiceProcess } from '../support/hearken.js';
import { eventually, removeFolder, Stage } from '../support/processes.js';
import { speechMs, tone, toneMs } from '../support/sound.js';

const AGENT_TONE_HZ = 440;

let data: string;
let stage: Stage;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'hearken-attended-'));
  stage = new Stage();
});
afterEach(async () => {
  await stage.clear();
  removeFolder(data);
});

/** Everything one side of a call hears, PCM16 at 8 kHz, from `call` on. */
function ear(call: PhoneCall): () => Int16Array {
  const heard: Uint8Array[] = [];
  call.on('audio', ({ payload }) => heard.push(Uint8Array.from(payload)));
  return () => decodeMulaw(Buffer.concat(heard));
}

async function phone(user: string, options: object = {}): Promise<SipPhone> {
  const made = await SipPhone.create({ user, fillSilence: true, ...options });
  stage.add({ stop: () => made.close() });
  return made;
}

describe('a caller who presses 0, where agents are asked first', () => {
  it('is put through after the agent was told what it is about, and comes back to the bot when the agent is busy', async () => {
    const agent = await phone('agent');
    const consulted: { call: PhoneCall; heard: () => Int16Array }[] = [];
    // Free for one caller: the second one's call is refused.
    agent.on('call', (call) => {
      if (call.info?.headers.Replaces !== undefined) {
        call.answer();
        call.once(
          'answered',
          () => void call.sendAudio(encodeMulaw(tone(AGENT_TONE_HZ, 60_000))).catch(() => undefined),
        );
      } else if (consulted.length === 0) {
        consulted.push({ call, heard: ear(call) });
        call.answer();
      } else call.reject(486);
    });

    const service = stage.add(await ServiceProcess.start(data, { HEARKEN_AGENT: agent.uri }));
    const config = join(data, 'bridge.yml');
    writeFileSync(config, 'bridge:\n  transfer:\n    mode: attended\n');
    const bridge = stage.add(await BridgeProcess.start(service.mediaUrl, { HEARKEN_CONFIG: config }));

    const callers = await Promise.all(
      ['first', 'second'].map(async (user) => {
        const from = await phone(user);
        const call = await from.call(`sip:hearken@127.0.0.1:${bridge.sipPort}`);
        const { callId } = call;
        const heard = ear(call);
        await call.answered;
        return { call, callId, heard };
      }),
    );
    for (const { call, heard } of callers) {
      await eventually('the greeting', () => speechMs(heard()) > 400);
      await call.sendDigits('0');
    }

    const through = await eventually(
      'one of them talks to the agent',
      () => callers.find(({ heard }) => toneMs(heard(), AGENT_TONE_HZ) > 500),
      90_000,
      () => `${service.output.slice(-2000)}\n${bridge.output.slice(-2000)}`,
    );
    // What the agent heard before: a voice, and in the headers the same words.
    const [asked] = consulted;
    expect(speechMs(asked?.heard() ?? new Int16Array(0))).toBeGreaterThan(800);
    expect(decodeURIComponent(headerOf(asked?.call, 'x-hearken-summary'))).toMatch(/\p{Script=Han}{4}/u);
    expect(headerOf(asked?.call, 'x-hearken-session')).not.toBe('');
    await eventually('the consultation is over', () => asked?.call.end !== undefined);

    const other = callers.find((one) => one !== through);
    if (!other) throw new Error('there is one caller only');
    const events = await eventually('the other one is told', async () => {
      const record = await findRecord(data, other.callId);
      return record?.events.some((event) => said(event).includes('utter_transfer_failed')) ? record.events : undefined;
    });
    expect(other.call.established).toBe(true);
    expect(events.map(({ type }) => type)).not.toContain('ended');

    await Promise.all(callers.map(({ call }) => call.hangup()));
    // The bridge said how the line was, and the record kept it.
    const ended = await eventually('the record is closed', async () => {
      const record = await findRecord(data, other.callId);
      return record?.events.some(({ type }) => type === 'ended') ? record.events : undefined;
    });
    const last = ended.findLast(({ type }) => type === 'quality');
    expect(last).toMatchObject({ final: true, codec: 'pcmu', lossPercent: expect.any(Number) });
    expect(last?.receivedPackets).toBeGreaterThan(50);
  });
});

function headerOf(call: PhoneCall | undefined, name: string): string {
  return Object.entries(call?.info?.headers ?? {}).find(([header]) => header.toLowerCase() === name)?.[1] ?? '';
}

/** Names of the replies in a turn of the record. */
function said(event: RecordedEvent): string {
  return event.type === 'turn' ? JSON.stringify(event.actions) : '';
}
