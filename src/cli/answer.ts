import { monotonicMs, SipPhone } from '@hearken/sip-bridge';
import closeWithGrace from 'close-with-grace';
import { Command } from 'commander';
import { decodeG711, encodeMulaw } from '../dsp/g711.js';
import { HearkenError } from '../errors.js';
import { Ear } from '../replay/ear.js';
import { readAudioFile } from '../speech/audio-file.js';

/** `hearken answer`: an agent's phone for people without one. It answers by itself, says a recording, and tells what happened as JSON lines. */
export function answerCommand(): Command {
  return new Command('answer')
    .description('a phone that answers by itself: the agent, for trying a hand-off')
    .option('--port <port>', 'SIP port; 0 = any free one', '5062')
    .option('--host <address>', 'our own address', '127.0.0.1')
    .option('--user <name>', 'user part of the address', 'agent')
    .option('--speak <recording>', 'what it says when it answers (default: one second of a tone)')
    .action(async (options: { port: string; host: string; user: string; speak?: string }) => {
      const port = Number(options.port);
      if (!Number.isInteger(port) || port < 0 || port > 65_535) {
        throw new HearkenError('REQUEST_INVALID', `--port must be a number from 0 to 65535, not ${options.port}.`);
      }
      const speech = options.speak === undefined ? tone() : await readAudioFile(options.speak, { sampleRate: 8000 });
      const phone = await SipPhone.create({
        host: options.host,
        port,
        user: options.user,
        autoAnswerMs: 200,
        fillSilence: true,
        greeting: () => encodeMulaw(speech),
      });
      const tell = (event: string, data: Readonly<Record<string, unknown>>): void =>
        void process.stdout.write(`${JSON.stringify({ event, ...data })}\n`);
      phone.on('call', (call) => {
        const startMs = monotonicMs();
        const ear = new Ear();
        let heardMs = 0;
        call.on('audio', (frame) => {
          const before = ear.lastSoundMs;
          ear.hear(decodeG711(frame.codec === 'pcmu' ? 'mulaw' : 'alaw', frame.payload), frame.arrivalMs - startMs);
          if (ear.lastSoundMs !== before) heardMs += 20;
        });
        call.on('answered', () =>
          tell('answered', { from: call.info?.caller, headers: hearkenHeaders(call.info?.headers ?? {}) }),
        );
        call.on('ended', () => tell('ended', { heardMs, durationMs: Math.round(monotonicMs() - startMs) }));
      });
      closeWithGrace({ delay: 5000, logger: false }, () => phone.close());
      tell('ready', { name: 'phone', sip: phone.uri });
    });
}

/** What the bot told the agent about the call. */
function hearkenHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => /^x-hearken-/i.test(name))
      .map(([name, value]) => [name, safeDecode(value)]),
  );
}

function safeDecode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function tone(): Int16Array {
  return Int16Array.from({ length: 8000 }, (_, index) => 6000 * Math.sin((2 * Math.PI * 440 * index) / 8000));
}
