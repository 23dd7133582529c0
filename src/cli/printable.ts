/** What callers and their programs wrote, for a terminal: it must neither steer it nor look like something else. */

/** Control characters but line ends and tabs, and marks that turn the direction of what is written. */
const STEERING = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;
/** The same as JSON writes them, and a backslash that is no such thing. */
const ESCAPED = /\\(?:\\|u(?:00[01][0-9a-f]|007f|00[89][0-9a-f]|202[a-e]|206[6-9]))/gi;

export function printable(text: string): string {
  return text.replace(STEERING, '\ufffd');
}

/** A line of a log, JSON or not, before it is made readable: what is escaped in it would be a control character again. */
export function printableLog(line: string): string {
  return printable(line).replace(ESCAPED, (found) => (found === '\\\\' ? found : '\ufffd'));
}
