import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import type { Brain } from '../dialogue/brain.js';
import { languageAsked } from '../dialogue/turn/language.js';
import type { MediaPeer, MediaSession } from '../media/session.js';
import { matchLanguage } from '../speech/language.js';
import type { Recognizer, RecognizerStream } from '../speech/recognizer.js';
import type { Synthesizer } from '../speech/synthesizer.js';
import type { Music } from './hold-music.js';
import type { FirstWords } from './language/first-words.js';
import { LiveCall } from './live-call.js';
import { CallRecord, type CallWatcher } from './record.js';
import { SideEar } from './side-ear.js';
import type { TurnTiming } from './timings.js';
import { whisper } from './whisper.js';

export interface CallManagerParts {
  readonly config: Config;
  /** Folder for call records. */
  readonly dataFolder: string;
  readonly recognizer: Recognizer;
  readonly synthesizer: Synthesizer;
  readonly brain: Brain;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Recorded apology (PCM16, 8 kHz) in a language. */
  readonly apology: (language: string) => Int16Array | undefined;
  /** Played to who waits for a person, at a rate; undefined: nothing is. */
  readonly music?: Music | undefined;
  /** Languages there are ears for. */
  readonly heard?: readonly string[];
  /** Was a caller's first sentence in another language than the call's? Undefined: the language changes only for who asks. */
  readonly areOther?: FirstWords['areOther'];
  /** May what was heard have been said in another language? Undefined: it always may, and is heard twice. */
  readonly doubts?: FirstWords['doubts'];
  /** Whoever looks on at a call; undefined: nobody. */
  readonly watch?: (session: MediaSession, language: string) => CallWatcher;
  /** Told of the times of every turn of every call. */
  readonly onTiming?: (timing: TurnTiming) => void;
}

/** Calls of which the signalling's id is remembered, so that a caller's own tools can look their call up. */
const REMEMBERED = 1000;

/** The calls that are on the line now. */
export class CallManager {
  readonly #parts: CallManagerParts;
  readonly #live = new Map<string, LiveCall>();
  readonly #byCallId = new Map<string, string>();
  #refused = 0;

  constructor(parts: CallManagerParts) {
    this.#parts = parts;
  }

  get live(): number {
    return this.#live.size;
  }

  /** Calls that found no recogniser with time for them. */
  get refused(): number {
    return this.#refused;
  }

  /** Our id of a call, by the signalling's; also for calls that are over, as far back as is remembered. */
  idOf(callId: string): string | undefined {
    return this.#byCallId.get(callId);
  }

  /** Takes a call. Throws OVERLOADED when no recogniser is free: the media server refuses the caller with that. */
  readonly accept = (session: MediaSession): void => {
    const { config, logger } = this.#parts;
    const language = languageOf(session.peer, config.app);
    const callLogger = logger.child({ sessionId: session.id });
    if (session.peer.purpose === 'whisper') {
      const { synthesizer, clock } = this.#parts;
      whisper({ session, synthesizer, language, leadMs: config.media.leadMs, clock, logger: callLogger });
      return;
    }
    const { id: streamId, sampleRate } = session;
    const openEars = (wanted: string, atOnceMs?: number) =>
      this.#parts.recognizer.open({
        streamId,
        sampleRate,
        language: wanted,
        ...(atOnceMs === undefined ? {} : { atOnceMs }),
      });
    const stream = this.#earsFor(language, openEars);
    const side = this.#sideEar(language, sampleRate, openEars, callLogger);
    const record = CallRecord.open({
      id: session.id,
      folder: this.#parts.dataFolder,
      record: recordFor(session.peer.headers, config.record),
      sampleRate: session.sampleRate,
      startedAt: new Date(),
      logger,
      watcher: this.#parts.watch?.(session, language),
    });
    const call = new LiveCall({
      session,
      stream,
      openEars,
      ...(side ? { side } : {}),
      synthesizer: this.#parts.synthesizer,
      brain: this.#parts.brain,
      turn: config.turn,
      leadMs: leadMsOf(session.peer, config),
      handoff: config.handoff,
      language,
      clock: this.#parts.clock,
      record,
      logger: callLogger,
      apology: this.#parts.apology(language),
      music: this.#parts.music,
      ...(this.#parts.onTiming ? { onTiming: this.#parts.onTiming } : {}),
    });
    this.#live.set(session.id, call);
    this.#remember(session.peer.callId, session.id);
    callLogger.info({ caller: maskNumber(session.peer.caller), callee: session.peer.callee, language }, 'call begins');
    void call.finished.then(() => {
      this.#live.delete(session.id);
      callLogger.info('call is over');
    });
    call.start();
  };

  /** Waits until the last call is over, at most `limitMs`; then ends what is left. */
  async drain(limitMs: number): Promise<void> {
    const everybody = Promise.all([...this.#live.values()].map((call) => call.finished));
    let cancel: () => void = () => undefined;
    const limit = new Promise<void>((resolve) => {
      cancel = this.#parts.clock.after(limitMs, resolve);
    });
    await Promise.race([everybody, limit]);
    cancel();
    for (const call of this.#live.values()) call.hangup('error', 'the service is shutting down');
    await Promise.all([...this.#live.values()].map((call) => call.finished));
  }

  /** The call's own ears; without them there is no call. */
  #earsFor(language: string, openEars: (language: string) => RecognizerStream): RecognizerStream {
    try {
      return openEars(language);
    } catch (error) {
      this.#refused++;
      throw error;
    }
  }

  /** Ears for one other language of the application, where there are some: for what the call's own ears may have got wrong. */
  #sideEar(
    language: string,
    sampleRate: number,
    openEars: (language: string, atOnceMs: number) => RecognizerStream,
    logger: Logger,
  ): SideEar | undefined {
    const { brain, clock, areOther, doubts, heard = [] } = this.#parts;
    const other = brain.languages.find(
      (each) => matchLanguage(each, [language]) === undefined && matchLanguage(each, heard) !== undefined,
    );
    if (other === undefined) return undefined;
    return new SideEar({
      openEars: (atOnceMs) => openEars(other, atOnceMs),
      sampleRate,
      language: other,
      ownLanguage: language,
      asks: (text) => languageAsked(text, brain.languages) === other,
      doubts,
      areOther,
      clock,
      onError: (reason) => logger.info({ language: other, reason }, 'nobody had time to listen for another language'),
    });
  }

  #remember(callId: string, id: string): void {
    this.#byCallId.delete(callId);
    this.#byCallId.set(callId, id);
    if (this.#byCallId.size <= REMEMBERED) return;
    const oldest = this.#byCallId.keys().next();
    if (!oldest.done) this.#byCallId.delete(oldest.value);
  }
}

/** A browser's own queue is emptied at once, and it knows to the millisecond what was heard. Only pages that were let in have a conversation beforehand. */
function leadMsOf(peer: MediaPeer, config: Config): number {
  return peer.conversationId !== undefined && peer.callee.startsWith('web:')
    ? config.widget.leadMs
    : config.media.leadMs;
}

/** As the bridge's route says, by the number dialled, else the application's own. */
export function languageOf(peer: MediaPeer, app: Config['app']): string {
  const user = /^(?:sips?:|tel:)?([^@;>]+)/.exec(peer.callee)?.[1] ?? '';
  return peer.route?.language ?? app.languageByCallee[user] ?? app.language;
}

/** Personal data in logs: the last three characters of a caller's number or name are enough to find a call again. */
export function maskNumber(address: string): string {
  const user = /^(?:<?sips?:|tel:)?([^@;>]*)/.exec(address)?.[1] ?? '';
  return user.length <= 3 ? '***' : `***${user.slice(-3)}`;
}

/** A bridge that records the call itself has told the caller so, and asked: what the caller refused there is not kept here, and what is kept there is not kept twice. */
function recordFor(headers: Readonly<Record<string, string>>, record: Config['record']): Config['record'] {
  const bridge = Object.entries(headers).find(([name]) => name.toLowerCase() === 'x-hearken-recording');
  return bridge ? { ...record, audio: false } : record;
}
