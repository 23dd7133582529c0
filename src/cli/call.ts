import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { HearkenError } from '../errors.js';
import { type CallReport, fetchTurns, formatCall, reportCall } from '../replay/call-report.js';
import { type PhoneCallerOptions, placeCall } from '../replay/phone-caller.js';
import { readScript, splitUtterances } from '../replay/utterances.js';
import { readAudioFile } from '../speech/audio-file.js';

const SAMPLE_RATE = 8000;

interface CallOptions {
  readonly to: string;
  readonly from: string;
  readonly host: string;
  readonly service: string;
  readonly record?: string;
  readonly straight?: boolean;
  readonly limit: string;
  readonly json?: boolean;
}

/** `hearken call <recording>`: a phone for people without a phone. */
export function callCommand(): Command {
  return new Command('call')
    .description('place a SIP call that speaks a recording, records what it hears, follows a transfer, and reports')
    .argument('<recording>', 'any file ffmpeg reads; long pauses part what is said turn by turn')
    .option('--to <uri>', 'SIP address to call', 'sip:hearken@127.0.0.1:5060')
    .option('--from <user>', 'user part of our own address', 'caller')
    .option('--host <address>', 'our own address, as the other side reaches it', '127.0.0.1')
    .option('--service <url>', 'where to ask what was understood', 'http://127.0.0.1:8080')
    .option('--record <file>', 'stereo WAV to write: left said, right heard (default: data/recordings/…)')
    .option('--straight', 'play the recording as it is, without waiting for answers')
    .option('--limit <seconds>', 'hang up after this long', '180')
    .option('--json', 'print the report as JSON')
    .action(async (recording: string, options: CallOptions) => {
      const longestMs = parseLimit(options.limit);
      const controller = stoppedByCtrlC();
      const report = await callWithRecording(recording, {
        to: options.to,
        from: options.from,
        host: options.host,
        service: options.service,
        record: options.record,
        straight: options.straight ?? false,
        longestMs,
        signal: controller.signal,
        onProgress: (text) => void process.stderr.write(`… ${text}\n`),
      }).catch((error: unknown) => {
        // Hung up while it rang: there is no call to tell of.
        if (!controller.signal.aborted) throw error;
        return undefined;
      });
      if (report === undefined) return;
      process.stdout.write(`${options.json ? JSON.stringify(report, null, 2) : formatCall(report)}\n`);
    });
}

/** Ctrl+C hangs up, and is what the exit code tells; what was said until then is reported. */
export function stoppedByCtrlC(): AbortController {
  const controller = new AbortController();
  process.once('SIGINT', () => {
    process.exitCode = 130;
    controller.abort();
  });
  return controller;
}

export interface CallWithRecordingOptions
  extends Pick<PhoneCallerOptions, 'to' | 'from' | 'host' | 'longestMs' | 'signal' | 'onProgress'> {
  readonly service: string;
  readonly record: string | undefined;
  readonly straight: boolean;
}

/** Reads the recording, places the call, and lays the service's record beside it. Throws AUDIO_UNREADABLE, FILE_UNREADABLE, CALL_FAILED. */
export async function callWithRecording(file: string, options: CallWithRecordingOptions): Promise<CallReport> {
  const speech = await readAudioFile(file, { sampleRate: SAMPLE_RATE });
  const whole = { startMs: 0, endMs: (speech.length * 1000) / SAMPLE_RATE };
  const utterances = options.straight
    ? [whole]
    : (readScript(file)?.utterances ?? splitUtterances(speech, SAMPLE_RATE));
  if (utterances.length === 0) {
    throw new HearkenError('AUDIO_UNREADABLE', `Nothing is said in ${file}: it holds only silence.`, {
      hint: 'Give a recording with speech, or --straight to play it all the same.',
    });
  }
  const recording = resolve(
    options.record ?? join('data', 'recordings', `call-${new Date().toISOString().replaceAll(':', '-')}.wav`),
  );
  mkdirSync(dirname(recording), { recursive: true });
  const call = await placeCall({
    to: options.to,
    from: options.from,
    host: options.host,
    speech,
    utterances,
    recording,
    turnSilenceMs: 900,
    lingerMs: 6000,
    afterTransferMs: 3000,
    longestMs: options.longestMs,
    signal: options.signal,
    onProgress: options.onProgress,
  });
  return reportCall(file, call, await fetchTurns(options.service, call.callId), recording);
}

function parseLimit(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 3600)) {
    throw new HearkenError('REQUEST_INVALID', `--limit must be between 1 and 3600 seconds, not ${text}.`);
  }
  return seconds * 1000;
}
