/** One event of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation). */
export interface StreamEvent {
  readonly type: string;
  readonly data: string;
  /** Of the last event that had one: where to go on after a break. */
  readonly id: string | undefined;
}

/** An event larger than this is a mistake of somebody's. */
const MAX_BUFFERED = 16 * 1024 * 1024;

/** Reads server-sent events from text as it comes, however it is cut. Pure. */
export class EventStreamReader {
  #rest = '';
  #type = '';
  #data: string[] = [];
  #held = 0;
  #id: string | undefined;

  /** The events that are complete now. Throws RangeError for one without an end. */
  push(text: string): StreamEvent[] {
    this.#rest += text;
    if (this.#rest.length + this.#held > MAX_BUFFERED) throw new RangeError('an event without an end');
    const events: StreamEvent[] = [];
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(this.#rest);
      if (end === null) return events;
      const line = this.#rest.slice(0, end.index);
      this.#rest = this.#rest.slice(end.index + end[0].length);
      const event = this.#line(line);
      if (event !== undefined) events.push(event);
    }
  }

  #line(line: string): StreamEvent | undefined {
    if (line === '') {
      const data = this.#data;
      const type = this.#type;
      this.#data = [];
      this.#held = 0;
      this.#type = '';
      return data.length === 0 ? undefined : { type: type || 'message', data: data.join('\n'), id: this.#id };
    }
    const colon = line.indexOf(':');
    if (colon === 0) return undefined;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') {
      this.#data.push(value);
      this.#held += value.length + 1;
    } else if (field === 'event') this.#type = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    return undefined;
  }
}
