import { type Line, MAX_LINES } from './memory.js';
import type { ShownLine } from './model.js';
import { Pace, saidUnits } from './spoken.js';

/** What has been said by both, and how much of the bot's words the ear has had so far. */
export class Transcript {
  #lines: readonly ShownLine[];
  #nextId = 0;
  readonly #pace = new Pace();
  /** The bot's words that play now: a prompt may have several lines. */
  #prompt: { readonly first: number; playedMs: number } | undefined;
  /** How much of this generation of audio has been counted. */
  #earMs = 0;

  /** `lines`: what was said on the pages before. */
  constructor(lines: readonly Line[]) {
    this.#lines = lines.map((line) => ({ ...line, id: this.#nextId++ }));
  }

  get lines(): readonly ShownLine[] {
    return this.#lines;
  }

  /** For the next page: what was being said counts as heard so far. */
  get remembered(): readonly Line[] {
    return this.#lines.map(({ who, text, name, heard, said, choices }) => ({
      who,
      text,
      ...(choices === undefined ? {} : { choices }),
      ...(name === undefined ? {} : { name }),
      ...(heard === undefined && said === undefined ? {} : { heard: heard ?? said ?? 0 }),
    }));
  }

  /** Words that are there at once: typed, or recognised to their end. */
  add(line: Line): void {
    this.#append(line);
  }

  /** The conversation has gone on: what was offered is offered no more. */
  withdrawChoices(): void {
    if (!this.#lines.some(({ choices }) => choices !== undefined)) return;
    this.#lines = this.#lines.map(({ choices, ...line }) => line);
  }

  /** Words of the bot whose sound is on its way: they appear as it plays. Words of the prompt before that did not play to their end stay cut. */
  addSpoken(text: string): void {
    if (this.#prompt !== undefined && this.#prompt.playedMs > 0) this.finishPrompt(false);
    const id = this.#append({ who: 'bot', text }, 0);
    this.#prompt ??= { first: id, playedMs: 0 };
  }

  /** Playing starts from nothing: after a clear, or on another socket. */
  beginGeneration(): void {
    this.#earMs = 0;
  }

  /** So many ms of this generation have been heard. True when the lines may have changed. */
  heard(playedMs: number): boolean {
    const newMs = playedMs - this.#earMs;
    this.#earMs = playedMs;
    const prompt = this.#prompt;
    if (prompt === undefined || newMs <= 0) return false;
    prompt.playedMs += newMs;
    this.#reveal(prompt.first, prompt.playedMs);
    return true;
  }

  /** The prompt is over: `whole` when it was heard to its end (its pace is learnt), else cut off where the ear was. True when there was one. */
  finishPrompt(whole: boolean): boolean {
    const prompt = this.#prompt;
    if (prompt === undefined) return false;
    this.#prompt = undefined;
    const texts: string[] = [];
    this.#lines = this.#lines.map((line): ShownLine => {
      if (line.id < prompt.first || line.said === undefined) return line;
      texts.push(line.text);
      const { said, ...rest } = line;
      return whole || said >= line.text.length ? rest : { ...rest, heard: said };
    });
    if (whole) this.#pace.learn(texts.join(''), prompt.playedMs);
    return true;
  }

  #reveal(first: number, playedMs: number): void {
    const joined = this.#lines
      .filter((line) => line.id >= first && line.said !== undefined)
      .map((line) => line.text)
      .join('');
    const units = saidUnits(joined, playedMs, this.#pace);
    let before = 0;
    this.#lines = this.#lines.map((line) => {
      if (line.id < first || line.said === undefined) return line;
      const said = Math.max(line.said, Math.min(line.text.length, Math.max(0, units - before)));
      before += line.text.length;
      return said === line.said ? line : { ...line, said };
    });
  }

  #append(line: Line, said?: number): number {
    const id = this.#nextId++;
    const shown: ShownLine = { ...line, id, ...(said === undefined ? {} : { said }) };
    this.#lines = [...this.#lines, shown].slice(-MAX_LINES);
    return id;
  }
}
