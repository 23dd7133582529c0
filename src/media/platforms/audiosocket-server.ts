import type { AddressInfo } from 'node:net';
import { BlockList, createServer, isIP, type Server, type Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Config } from '../../config.js';
import { asHearkenError, HearkenError } from '../../errors.js';
import { Allowance } from './allowance.js';
import { AudioSocketWire, KIND, PacketReader } from './audiosocket.js';
import { isLoopback } from './credentials.js';
import { Pacer } from './pacer.js';
import type { PlatformCalls } from './platform-calls.js';

export interface AudioSocketServerOptions {
  readonly config: Config['media'];
  readonly calls: PlatformCalls;
  readonly logger: Logger;
}

/** 48 kHz PCM16 is 96,000 bytes a second. */
const BYTES = { perSecond: 150_000, burst: 1_000_000 };
const MAX_BUFFERED_BYTES = 131_072;
/** A caller of whom no sound comes is greeted after so long. */
const GREET_AFTER_MS = 500;
/** Asterisk sends sound 50 times a second while a call is up; when none came for so long, the other side is gone. */
const SILENT_LIMIT_MS = 60_000;
const CLOSE_LIMIT_MS = 1000;

/** TCP server for Asterisk's AudioSocket. Takes connections from this machine and from `media.audiosocket.allow`. */
export class AudioSocketServer {
  readonly #options: AudioSocketServerOptions;
  readonly #server: Server;
  readonly #pacer = new Pacer();
  readonly #allowed = new BlockList();
  readonly #sockets = new Set<Socket>();

  constructor(options: AudioSocketServerOptions) {
    this.#options = options;
    for (const entry of options.config.audiosocket.allow) {
      const [address = '', prefix] = entry.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.#allowed.addAddress(address, family);
      else this.#allowed.addSubnet(address, Number(prefix), family);
    }
    this.#server = createServer({ noDelay: true }, (socket) => this.#welcome(socket));
    this.#server.maxConnections = options.config.maxSessions + 20;
  }

  /** Throws when the port is taken. Resolves with `127.0.0.1:9092`. */
  async listen(): Promise<string> {
    const { host, port } = this.#options.config.audiosocket;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    const { address, family, port: bound } = this.#server.address() as AddressInfo;
    return family === 'IPv6' ? `[${address}]:${bound}` : `${address}:${bound}`;
  }

  async close(): Promise<void> {
    const done = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const limit = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, CLOSE_LIMIT_MS);
    for (const socket of this.#sockets) socket.end();
    await done;
    clearTimeout(limit);
  }

  #welcome(socket: Socket): void {
    const { config, calls, logger } = this.#options;
    const remoteAddress = socket.remoteAddress ?? '';
    socket.on('error', () => undefined);
    const refusal = this.#mayConnect(remoteAddress) ? calls.refusal : forbidden();
    if (refusal) {
      logger.warn({ code: refusal.code, platform: 'audiosocket', remoteAddress }, refusal.message);
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const reader = new PacketReader();
    const bytes = new Allowance({ ...BYTES, nowMs: calls.clock.nowMs() });
    let greetTimer: NodeJS.Timeout | undefined;
    let torn = false;
    const wire = new AudioSocketWire({
      pacer: this.#pacer,
      secret: config.audiosocketSecret,
      next: config.audiosocket.next,
      open: (facts, sampleRate, own) => calls.open('audiosocket', remoteAddress, facts, sampleRate, own),
      send: (packet) => {
        if (!socket.writable || socket.writableLength > MAX_BUFFERED_BYTES) return false;
        socket.write(packet);
        return true;
      },
      end: () => {
        socket.end();
        setTimeout(() => socket.destroy(), CLOSE_LIMIT_MS).unref();
      },
    });
    const fail = (error: HearkenError): void => {
      logger.warn(
        { code: error.code, platform: 'audiosocket', remoteAddress, sessionId: wire.session?.id },
        error.message,
      );
      wire.session?.ended('error', error.message);
      socket.destroy();
    };
    const startTimer = setTimeout(() => {
      if (!wire.session) fail(new HearkenError('START_TIMEOUT', `No call began within ${config.startTimeoutMs} ms.`));
    }, config.startTimeoutMs);
    socket.setTimeout(SILENT_LIMIT_MS, () => fail(new HearkenError('TIMEOUT', 'Nothing came from Asterisk any more.')));
    socket.on('data', (data: Buffer) => {
      try {
        if (!bytes.take(data.length, calls.clock.nowMs())) {
          throw new HearkenError('RATE_LIMITED', 'More came than a call can hold.', {
            hint: 'Send audio in real time.',
          });
        }
        for (const packet of reader.push(data)) {
          wire.receive(packet);
          if (packet.kind === KIND.uuid) greetTimer = setTimeout(() => greet(), GREET_AFTER_MS);
        }
      } catch (thrown) {
        fail(asHearkenError(thrown));
      }
    });
    const greet = (): void => {
      try {
        wire.greet();
      } catch (thrown) {
        fail(asHearkenError(thrown));
      }
    };
    socket.on('error', () => {
      torn = true;
    });
    // Asterisk says goodbye by closing its half.
    socket.on('end', () => wire.closed(true));
    socket.on('close', () => {
      clearTimeout(startTimer);
      clearTimeout(greetTimer);
      this.#sockets.delete(socket);
      wire.closed(!torn);
    });
  }

  #mayConnect(address: string): boolean {
    if (isLoopback(address)) return true;
    const plain = address.replace(/^::ffff:/, '');
    return this.#allowed.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  }
}

function forbidden(): HearkenError {
  return new HearkenError('FORBIDDEN', 'AudioSocket connections are not taken from there.', {
    hint: 'Add the address of the Asterisk to media.audiosocket.allow.',
  });
}
