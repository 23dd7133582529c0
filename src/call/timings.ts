/** When the steps of one turn happened, ms since the call began. */
export interface TurnTiming {
  readonly endOfSpeechMs?: number;
  readonly endOfTurnMs?: number;
  readonly finalTextMs?: number;
  readonly replyMs?: number;
  readonly firstAudioMs?: number;
}

/** Collects the times of a turn and hands them out once its first sound has been sent. An observer: it decides nothing. */
export class TurnTimings {
  readonly #report: (timing: TurnTiming) => void;
  #current: { -readonly [Key in keyof TurnTiming]: TurnTiming[Key] } = {};
  #lastEndOfSpeechMs: number | undefined;

  constructor(report: (timing: TurnTiming) => void) {
    this.#report = report;
  }

  endOfSpeech(atMs: number): void {
    this.#lastEndOfSpeechMs = atMs;
  }

  endOfTurn(atMs: number): void {
    this.#current = {
      ...(this.#lastEndOfSpeechMs === undefined ? {} : { endOfSpeechMs: this.#lastEndOfSpeechMs }),
      endOfTurnMs: atMs,
    };
  }

  finalText(atMs: number): void {
    if (this.#current.endOfTurnMs !== undefined) this.#current.finalTextMs = atMs;
  }

  reply(atMs: number): void {
    this.#current.replyMs = atMs;
  }

  firstAudio(atMs: number): void {
    if (this.#current.replyMs === undefined) return;
    this.#report({ ...this.#current, firstAudioMs: atMs });
    this.#current = {};
  }

  close(): void {
    this.#current = {};
  }
}
