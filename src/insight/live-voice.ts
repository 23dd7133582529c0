import type { CallWatcher, RecordedEvent } from '../call/record.js';
import type { MediaSession } from '../media/session.js';
import { CallStory } from './call-story.js';
import { ListenMixer } from './listen-in.js';
import type { LiveCalls, SoundReader, SoundSource } from './live-calls.js';

/** Readings of a turn that the call's record does not hold. */
export interface TurnExtras {
  readonly ranking: readonly { readonly intent: string; readonly confidence: number }[];
}

const MAX_LISTENERS = 20;

/** Watches one voice call for the console: an observer of its record, it decides nothing. */
export class LiveVoice implements CallWatcher, SoundSource {
  readonly sampleRate: number;
  readonly #id: string;
  readonly #calls: LiveCalls;
  readonly #extras: (turnId: number) => TurnExtras | undefined;
  readonly #story = new CallStory(Date.now());
  readonly #listeners = new Set<SoundReader>();
  #mixer: ListenMixer | undefined;

  constructor(options: {
    readonly session: MediaSession;
    readonly language: string;
    readonly calls: LiveCalls;
    readonly extras: (turnId: number) => TurnExtras | undefined;
  }) {
    const { session, language, calls } = options;
    this.#id = session.peer.conversationId ?? session.id;
    this.#calls = calls;
    this.#extras = options.extras;
    this.sampleRate = session.sampleRate;
    const { caller, callee } = session.peer;
    calls.begin({ id: this.#id, kind: isWidget(session) ? 'widget' : 'phone', caller, callee, language }, this);
  }

  event(event: RecordedEvent): void {
    for (const change of this.#story.apply(event)) {
      if (change.type === 'line') this.#calls.line(this.#id, change.line);
      else if (change.type === 'turn') {
        const ranking = this.#extras(change.turn.turnId)?.ranking;
        this.#calls.turn(
          this.#id,
          ranking === undefined ? change.turn : { ...change.turn, ranking: ranking.map((each) => ({ ...each })) },
        );
      } else if (change.type === 'language') this.#calls.change(this.#id, { language: change.language });
      else if (change.state !== 'ended') this.#calls.change(this.#id, { state: change.state });
    }
    if (event.type !== 'ended') return;
    for (const listener of this.#listeners) listener(undefined);
    this.#listeners.clear();
    this.#calls.soundOver(this.#id, typeof event.cause === 'string' ? event.cause : 'normal');
  }

  listen(reader: SoundReader): () => void {
    if (this.#listeners.size >= MAX_LISTENERS) {
      reader(undefined);
      return () => undefined;
    }
    this.#mixer ??= new ListenMixer(this.sampleRate);
    this.#listeners.add(reader);
    return () => {
      this.#listeners.delete(reader);
      if (this.#listeners.size === 0) this.#mixer = undefined;
    };
  }

  caller(atMs: number, samples: Int16Array): void {
    if (this.#mixer === undefined) return;
    const pcm = this.#mixer.caller(atMs, samples);
    for (const listener of this.#listeners) listener(pcm);
  }

  bot(atMs: number, samples: Int16Array): void {
    this.#mixer?.bot(atMs, samples);
  }

  cutBot(atMs: number): void {
    this.#mixer?.cutBot(atMs);
  }
}

/** Calls from the web widget, as its gate names them. */
export function isWidget({ peer }: Pick<MediaSession, 'peer'>): boolean {
  return peer.callee === 'web:widget' && peer.conversationId !== undefined;
}
