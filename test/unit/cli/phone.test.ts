import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeMediaService, type FakeSession, SipBridge, SipPhone } from '@hearken/sip-bridge';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addressOf, readCommand } from '../../../src/cli/phone/commands.js';
import { Ladder } from '../../../src/cli/phone/ladder.js';
import { Softphone } from '../../../src/cli/phone/softphone.js';
import { decodeMulaw, encodeMulaw } from '../../../src/dsp/g711.js';
import { decodeWav, encodeWav } from '../../../src/dsp/wav.js';
import { endProcess } from '../../../src/testing/server-process.js';
import { describeWith } from '../../support/needs.js';
import { eventually, root, TestProcess } from '../../support/processes.js';

let folder: string;
let service: FakeMediaService;
let bridge: SipBridge;
let closing: (() => Promise<unknown>)[];
/** Of the softphones of a test. */
let uris: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-phone-'));
  service = await FakeMediaService.start();
  bridge = await SipBridge.start({
    sip: { port: 0 },
    rtp: { portMin: 0, portMax: 0 },
    health: { enabled: false },
    media: { url: service.url },
  });
  closing = [];
  uris = [];
});
afterEach(async () => {
  for (const close of closing) await close();
  await bridge.drain(0);
  await service.kill();
  rmSync(folder, { recursive: true, force: true });
});

interface Told {
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly text: string;
}

async function softphone(): Promise<{
  type(line: string): Promise<void>;
  told: Told[];
  of(event: string): Told | undefined;
}> {
  const phone = await SipPhone.create({ user: 'phone', line: 'pcmu', fillSilence: true });
  uris.push(phone.uri);
  const ladder = new Ladder();
  phone.tap(ladder.tap);
  const told: Told[] = [];
  const soft = new Softphone({
    ...{ phone, ladder, server: undefined },
    tell: (event, facts, text) => void told.push({ event, facts, text }),
  });
  closing.push(() => soft.close());
  return {
    told,
    of: (event) => told.findLast((one) => one.event === event),
    type: async (line) => {
      const command = readCommand(line);
      if (command) await soft.run(command);
    },
  };
}

/** `hearken phone --json` with that on its standard input. */
async function runScript(script: string): Promise<{ code: number | null; lines: string[] }> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'src/cli/run.ts'), 'phone', '--json'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  closing.push(() => endProcess(child, 'SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  child.stdin.end(script);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, lines: output.trim().split('\n') };
}

async function agent(user: string): Promise<SipPhone> {
  const phone = await SipPhone.create({ user, autoAnswerMs: 0, greeting: () => encodeMulaw(tone(1)) });
  closing.push(() => phone.close());
  return phone;
}

function tone(seconds: number): Int16Array {
  return Int16Array.from({ length: 8000 * seconds }, (_, index) => 8000 * Math.sin((2 * Math.PI * 440 * index) / 8000));
}

function loudness(samples: Int16Array | undefined): number {
  return Math.max(0, ...(samples ?? []).map((sample) => Math.abs(sample)));
}

describe('the softphone', () => {
  it('speaks a file, presses keys, records both sides, and tells how the audio went', async () => {
    const said = join(folder, 'said.wav');
    const recording = join(folder, 'call.wav');
    writeFileSync(said, encodeWav([tone(1)], 8000));
    const { type, of } = await softphone();
    await type(`dial ${bridge.uri}`);
    const session: FakeSession = await service.session(0);
    await type(`record ${recording}`);
    session.play(encodeMulaw(tone(1)));
    await type('wait quiet');
    let loudest = 0;
    session.on('audio', (frame) => {
      loudest = Math.max(loudest, ...frame.map((byte) => ~byte & 0x7f));
    });
    await type(`say ${said}`);
    expect(loudest).toBeGreaterThan(80);
    await type('keys 12#');
    await session.waitFor('dtmf', 30_000, ({ digit }) => digit === '#');
    await type('quality');
    expect(of('quality')?.facts).toMatchObject({ lostPackets: 0 });
    expect(Number(of('quality')?.facts.receivedPackets)).toBeGreaterThan(50);
    await type('record off');
    const { channels } = decodeWav(readFileSync(recording));
    expect(loudness(channels[0])).toBeGreaterThan(6000);
    expect(loudness(channels[1])).toBeGreaterThan(6000);
    await type('hangup');
    expect(of('ended')?.facts).toMatchObject({ cause: 'normal', by: 'us' });
    await session.waitFor('stop');
    expect(existsSync(recording)).toBe(true);
  });

  it('is not heard while it is muted, and holds and resumes', async () => {
    const { type, told } = await softphone();
    const said = join(folder, 'said.wav');
    writeFileSync(said, encodeWav([tone(1)], 8000));
    await type(`dial ${bridge.uri}`);
    await service.session(0);
    await type('mute');
    await expect(type(`say ${said}`)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await type('unmute');
    await type('hold');
    await type('resume');
    await type('calls');
    expect(told.map(({ event }) => event)).toEqual(['calling', 'ringing', 'answered', 'holding', 'resumed', 'calls']);
    expect(told.at(-1)?.facts.calls).toMatchObject([{ state: 'up', inHand: true, muted: false }]);
  });

  it('draws the dialogue as a ladder', async () => {
    const { type, of } = await softphone();
    await type(`dial ${bridge.uri}`);
    await type('hangup');
    await type('ladder');
    const lines = of('ladder')?.facts.lines as string[];
    expect(lines[0]).toMatch(/^ +phone +127\.0\.0\.1:\d+$/);
    const steps = lines.slice(1).map((line) => /(<?)-+ (.*?) -+(>?)/.exec(line)?.slice(1, 4).join('|'));
    expect(steps.slice(0, 2)).toEqual(['|INVITE [PCMU sendrecv]|>', '<|100 Trying (INVITE)|']);
    expect(steps).toContain('<|200 OK (INVITE) [PCMU sendrecv]|');
    expect(steps).toContain('|ACK|>');
    expect(steps).toContain('|BYE|>');
  });

  it('passes one party on to another without asking', async () => {
    const anna = await agent('anna');
    const bert = await agent('bert');
    const { type, of } = await softphone();
    await type(`dial ${anna.uri}`);
    const moved = new Promise<string>((resolve) => {
      for (const call of anna.calls) call.on('transferred', resolve);
    });
    await type(`transfer ${bert.uri}`);
    expect(await moved).toBe(bert.uri);
    expect(of('transferDone')?.facts).toEqual({ status: 200 });
    expect(of('ended')).toBeDefined();
    expect(bert.calls.size).toBe(1);
  });

  it('asks a third party first, and then connects the two', async () => {
    const anna = await agent('anna');
    const bert = await agent('bert');
    const { type, told } = await softphone();
    await type(`dial ${anna.uri}`);
    await type(`consult ${bert.uri}`);
    await type('swap');
    await type('swap');
    await type('complete');
    expect(told.filter(({ event }) => event === 'ended')).toHaveLength(2);
    expect([...anna.calls].map(({ established }) => established)).toEqual([true]);
    expect([...bert.calls].map(({ established }) => established)).toEqual([true]);
  });

  it('takes a call while another one is up, which waits on hold', async () => {
    const { type, of, told } = await softphone();
    await type(`dial ${bridge.uri}`);
    const other = await softphone();
    const here = String(told[0]?.facts.to ?? '');
    expect(here).toBe(bridge.uri);
    const dialling = other.type(`dial ${uris[0]}`);
    await type('wait answered');
    while (!of('call')) await new Promise((resolve) => setTimeout(resolve, 10));
    await type('answer');
    await dialling;
    await type('calls');
    expect(of('calls')?.facts.calls).toMatchObject([
      { state: 'held', inHand: false },
      { state: 'up', inHand: true },
    ]);
    await expect(type(`record ${folder}`)).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(type('answer')).rejects.toMatchObject({ code: 'CALL_FAILED' });
  });

  it('is a program that takes its commands from a script and tells JSON lines', async () => {
    const script = `# a script\ndial ${bridge.uri}\nkeys 7\nhangup\nladder\nhold\nkeys 8\n`;
    const { code, lines } = await runScript(script);
    const events = lines.map((line) => JSON.parse(line) as { event: string; code?: string });
    expect(events.map(({ event }) => event)).toEqual([
      ...['ready', 'calling', 'ringing', 'answered', 'ended', 'ladder', 'error', 'closed'],
    ]);
    // A script ends at its first failure: there was nothing to hold.
    expect(events.find(({ event }) => event === 'error')?.code).toBe('CALL_FAILED');
    expect(code).toBe(1);
    expect(service.sessions[0]?.messages).toContainEqual(expect.objectContaining({ type: 'dtmf', digit: '7' }));
  });

  it('says what it can not do', async () => {
    const { type } = await softphone();
    await expect(type('fly')).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(type('dial')).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(type('hangup')).rejects.toMatchObject({ code: 'CALL_FAILED' });
    await expect(type('wait nonsense')).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(type('dial 1000')).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await expect(type('mic loud')).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(addressOf('1000', 'pbx.example:5060')).toBe('sip:1000@pbx.example:5060');
    expect(addressOf('anna@pbx.example', undefined)).toBe('sip:anna@pbx.example');
    expect(readCommand('  # a comment')).toBeUndefined();
  });

  it('speaks through a microphone and is heard through a loudspeaker, where there are programs for them', async () => {
    // What a user's own arecord and aplay do, without a sound card.
    const program = (name: string, script: string): void =>
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    writeFileSync(join(folder, 'tone.ulaw'), encodeMulaw(tone(2)));
    program('arecord', `cat '${join(folder, 'tone.ulaw')}'\nexec sleep 60`);
    program('aplay', `exec cat > '${join(folder, 'played.ulaw')}'`);
    const path = process.env.PATH;
    process.env.PATH = `${folder}:${path}`;
    try {
      const { type } = await softphone();
      await type(`dial ${bridge.uri}`);
      const session = await service.session(0);
      let heard = 0;
      session.on('audio', (frame) => {
        heard = Math.max(heard, loudness(decodeMulaw(frame)));
      });
      await type('mic on');
      await eventually('the service hears the microphone', () => heard > 6000);
      await type('mic off');
      await type('speaker on');
      session.play(encodeMulaw(tone(1)));
      await eventually(
        'the loudspeaker plays it',
        () => loudness(decodeMulaw(readFileSync(join(folder, 'played.ulaw')))) > 6000,
      );
      await type('speaker off');
    } finally {
      process.env.PATH = path;
    }
  });

  it('says so where there is no microphone', async () => {
    const path = process.env.PATH;
    process.env.PATH = folder;
    try {
      const { type } = await softphone();
      await expect(type('mic on')).rejects.toMatchObject({ code: 'DEVICE_MISSING' });
      await expect(type('speaker on')).rejects.toMatchObject({ code: 'DEVICE_MISSING' });
    } finally {
      process.env.PATH = path;
    }
  });
});

/** Without what moves the cursor. */
function withoutControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what they are.
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '');
}

describeWith(['script'], 'the softphone at a terminal', () => {
  it('takes commands while it rings and while somebody types, and shows what happens above the line that is typed', async () => {
    const command = `${process.execPath} --import tsx ${join(root, 'src/cli/run.ts')} phone ${bridge.uri}`;
    const terminal = new TestProcess({
      command: 'script',
      args: ['-qec', command, '/dev/null'],
      env: { TERM: 'xterm', HOME: folder },
      typed: true,
    });
    closing.push(() => terminal.stop('SIGKILL'));
    await terminal.printed(/is ready[\s\S]*> /);
    await terminal.printed(/connected, pcmu/);
    const session = await service.session(0);
    // Half a line is typed when the line goes on hold and when the tab key completes it.
    terminal.keys('hol\t');
    await terminal.printed(/hold /);
    terminal.keys('\r');
    await terminal.printed(/the other side is on hold/);
    terminal.keys('resume\r');
    await terminal.printed(/back/);
    terminal.keys('keys 4');
    await terminal.printed(/keys 4/);
    const before = terminal.output.length;
    session.hangup();
    await terminal.printed(/over: they hung up/);
    await eventually('the line is there again', () => /> keys 4$/.test(withoutControls(terminal.output.slice(before))));
    terminal.keys('2\r');
    await terminal.printed(/There is no call\./);
    terminal.keys('ladder\r');
    await terminal.printed(/INVITE \[PCMU sendonly\][\s\S]*BYE/);
    terminal.keys('quit\r');
    await terminal.printed(/bye/);
    await terminal.exited();
    expect(terminal.exitCode).toBe(0);
    expect(terminal.output).not.toMatch(/Error:|at .*\.ts:/);
  });
});
