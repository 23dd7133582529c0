import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchTurns } from '../../src/replay/call-report.js';
import { placeCall } from '../../src/replay/phone-caller.js';
import { readScript } from '../../src/replay/utterances.js';
import { readAudioFile } from '../../src/speech/audio-file.js';
import { BridgeProcess, ServiceProcess } from '../support/hearken.js';
import { root, Stage } from '../support/processes.js';

let folder: string;
let stage: Stage;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-worker-'));
  stage = new Stage();
});
afterEach(async () => {
  await stage.clear();
  rmSync(folder, { recursive: true, force: true });
});

/** Processes that the service has started, by the name of their file. */
function workersOf(pid: number, name: string): number[] {
  const lines = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(pid)], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(name)).map((line) => Number.parseInt(line, 10));
}

describe('a speech process is killed in the middle of a call', () => {
  it.each(['recognizer-worker', 'synthesizer-worker'])(
    '%s: it is started again and the call goes on',
    async (worker) => {
      const service = stage.add(await ServiceProcess.start(folder));
      const bridge = stage.add(await BridgeProcess.start(service.mediaUrl));
      const file = join(root, 'audio/calls/opening-hours.wav');
      const killed: number[] = [];
      const report = await placeCall({
        to: `sip:bot@127.0.0.1:${bridge.sipPort}`,
        speech: await readAudioFile(file, { sampleRate: 8000 }),
        utterances: readScript(file)?.utterances ?? [],
        recording: undefined,
        from: 'caller',
        host: '127.0.0.1',
        turnSilenceMs: 900,
        lingerMs: 6000,
        afterTransferMs: 0,
        longestMs: 60_000,
        signal: new AbortController().signal,
        onProgress: (text) => {
          if (killed.length > 0 || !text.startsWith('saying')) return;
          for (const pid of workersOf(service.pid, worker)) {
            killed.push(pid);
            process.kill(pid, 'SIGKILL');
          }
        },
      });
      expect(killed.length).toBeGreaterThan(0);
      expect(report.endedBy).toBe('them');
      const intents = (await fetchTurns(service.url, report.callId))?.map((turn) => turn.intent?.name);
      expect(intents).toContain('goodbye');
      const health = (await (await fetch(`${service.url}/health`)).json()) as Record<
        'recognizer' | 'synthesizer',
        { alive: number; workers: number; restarts: number }
      >;
      const part = worker.startsWith('recognizer') ? health.recognizer : health.synthesizer;
      expect(part.restarts).toBeGreaterThan(0);
      expect(part.alive).toBe(part.workers);
      expect(workersOf(service.pid, worker)).not.toEqual(expect.arrayContaining(killed));
    },
  );
});
