import type { Logger } from '../log.js';
import { MediaClient, type MediaClientOptions } from '../media/client.js';
import { mediaOf, startHeaders } from '../media/protocol.js';
import type { OutboundLeg } from '../sip/outbound-leg.js';

export type WhisperOptions = Pick<
  MediaClientOptions,
  'url' | 'connectTimeoutMs' | 'resumeLimitMs' | 'pingIntervalMs'
> & {
  readonly token?: string | undefined;
  readonly callId: string;
  readonly caller: string;
  readonly target: string;
  readonly language?: string | undefined;
  readonly limitMs: number;
  readonly logger: Logger;
};

/**
 * Lets the service speak to the agent: a media connection of its own with `purpose: whisper`, which the service ends when it has said all. An agent who presses
 * a key has heard enough. Never rejects.
 */
export async function whisper(
  agent: OutboundLeg,
  headers: Readonly<Record<string, string>>,
  options: WhisperOptions,
): Promise<void> {
  const stream = agent.media?.stream;
  const { line } = agent;
  if (!stream || !line || agent.end) return;
  const { url, token, connectTimeoutMs, resumeLimitMs, pingIntervalMs, logger, language } = options;
  const client = new MediaClient({
    ...{ url, connectTimeoutMs, resumeLimitMs, pingIntervalMs, logger },
    start: {
      callId: `${options.callId.slice(0, 240)}-whisper`,
      direction: 'outbound',
      caller: options.caller.slice(0, 512),
      callee: options.target.slice(0, 512),
      headers: startHeaders(headers),
      media: mediaOf(line),
      purpose: 'whisper',
      ...(language === undefined ? {} : { route: { language } }),
      ...(token === undefined ? {} : { token }),
    },
  });
  const onMark = (name: string): void => void client.send({ type: 'mark', name });
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, options.limitMs);
    const done = (): void => {
      clearTimeout(limit);
      resolve();
    };
    client.on('audio', (payload) => stream.play(payload));
    client.on('mark', (name) => stream.mark(name));
    client.on('clear', (generation) => stream.clear(generation));
    client.on('hangup', done);
    client.on('failed', (reason) => {
      logger.warn({ reason }, 'the agent could not be told what it is about');
      done();
    });
    stream.on('mark', onMark);
    agent.once('key', done);
    agent.once('ended', done);
  });
  stream.off('mark', onMark);
  client.stop('normal', 'whispered');
  stream.clear(Number.MAX_SAFE_INTEGER);
}
