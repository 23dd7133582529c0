/**
 * When the steps of one turn happened, ms since the call began, in the order in which they follow each other. A step that a turn did not have (keys have no
 * end of speech) is left out.
 */
export interface TurnTiming {
  readonly turnId: number;
  /** The caller's last sound. */
  readonly endOfSpeechMs?: number;
  /** The recogniser has heard the end: no more words will come unless the caller speaks on. */
  readonly settledMs?: number;
  /** It is decided that the turn is over. */
  readonly endOfTurnMs?: number;
  readonly finalTextMs?: number;
  /** Intent and entities are known. */
  readonly understoodMs?: number;
  readonly replyMs?: number;
  /** The first sound of the reply is made. */
  readonly soundMs?: number;
  /** It was sent towards the caller. */
  readonly packetMs?: number;
  /** The other side has played it: the caller hears it. */
  readonly audibleMs?: number;
}

export type TurnStep = Exclude<keyof TurnTiming, 'turnId'>;

/** The steps in their order, with what people call the time that leads up to each. */
export const TURN_STEPS: readonly { readonly step: TurnStep; readonly stage: string }[] = [
  { step: 'endOfSpeechMs', stage: 'speech' },
  { step: 'settledMs', stage: 'last word' },
  { step: 'endOfTurnMs', stage: 'end of turn' },
  { step: 'finalTextMs', stage: 'final text' },
  { step: 'understoodMs', stage: 'understanding' },
  { step: 'replyMs', stage: 'dialogue' },
  { step: 'soundMs', stage: 'synthesis' },
  { step: 'packetMs', stage: 'sending' },
  { step: 'audibleMs', stage: 'line' },
];

type Open = { -readonly [Step in TurnStep]?: number };

/** Collects the times of a turn and hands them out once its first sound was heard, or its prompt is over. An observer: it decides nothing. */
export class TurnTimings {
  readonly #report: (timing: TurnTiming) => void;
  #turnId = 0;
  #current: Open = {};
  #speech: Open = {};

  constructor(report: (timing: TurnTiming) => void) {
    this.#report = report;
  }

  /** Voice has ended, as far as is known now; the last one before the end of the turn counts. */
  endOfSpeech(atMs: number): void {
    this.#speech = { endOfSpeechMs: atMs };
  }

  settled(atMs: number): void {
    this.#speech.settledMs ??= atMs;
  }

  endOfTurn(atMs: number): void {
    this.#flush();
    this.#current = { ...this.#speech, endOfTurnMs: atMs };
    this.#speech = {};
  }

  /** The turn is handed to the brain. */
  begin(turnId: number): void {
    if (this.#current.replyMs !== undefined) this.#flush();
    this.#turnId = turnId;
  }

  /** The first time counts; a step that comes before its turn has a reply is no part of it. */
  reached(step: 'finalTextMs' | 'understoodMs' | 'replyMs', atMs: number): void {
    this.#current[step] ??= atMs;
  }

  /** Of the prompt that answers this turn. */
  played(step: 'soundMs' | 'packetMs' | 'audibleMs', turnId: number, atMs: number): void {
    if (turnId !== this.#turnId || this.#current.replyMs === undefined) return;
    this.#current[step] ??= atMs;
    if (step === 'audibleMs') this.#flush();
  }

  close(): void {
    this.#flush();
  }

  #flush(): void {
    if (this.#current.replyMs !== undefined) this.#report({ turnId: this.#turnId, ...this.#current });
    this.#current = {};
  }
}
