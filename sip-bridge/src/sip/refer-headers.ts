/** What is left out first when a REFER is too long: a program reads the slots, a person the summary, and both have the session's id to look further. */
const SUMMARY = 'x-hearken-summary';
const SLOTS = 'x-hearken-slots';
/** A remnant shorter than this tells nobody anything. */
const MIN_SUMMARY_BYTES = 24;

export interface FittedHeaders {
  /** `Name: value` each. */
  readonly lines: readonly string[];
  /** Names of those that were shortened or left out. */
  readonly cut: readonly string[];
}

/**
 * Header lines that together take at most `budgetBytes`, line ends included (`Infinity`: all, whole). Short ones go first; the slots lose entries from the end but
 * stay JSON, and get half of the rest at most where the summary needs the other half; the summary is cut between characters.
 */
export function fitHeaders(headers: Readonly<Record<string, string>>, budgetBytes: number): FittedHeaders {
  const entries = Object.entries(headers).map(([name, value]) => [name, value.replace(/[\r\n]+/g, ' ')] as const);
  const fitted = new Map<string, string>();
  const cut: string[] = [];
  let left = budgetBytes;
  const keep = (name: string, value: string): void => {
    fitted.set(name, value);
    left -= size(name, value);
  };
  const is = (name: string, known: string): boolean => name.toLowerCase() === known;
  for (const [name, value] of entries) {
    if (is(name, SUMMARY) || is(name, SLOTS)) continue;
    if (size(name, value) <= left) keep(name, value);
    else cut.push(name);
  }
  const summary = entries.find(([name]) => is(name, SUMMARY));
  const slots = entries.find(([name]) => is(name, SLOTS));
  if (slots) {
    const [name, value] = slots;
    const forBoth = left;
    const free = summary ? forBoth - size(...summary) : forBoth;
    const part = shorterSlots(value, Math.max(free, Math.floor(forBoth / 2)) - size(name, ''));
    if (part !== undefined) keep(name, part);
    if (part !== value) cut.push(name);
  }
  if (summary) {
    const [name, value] = summary;
    const part = shorterText(value, left - size(name, ''));
    if (part === value || part.length >= MIN_SUMMARY_BYTES) keep(name, part);
    if (part !== value) cut.push(name);
  }
  const lines = entries.flatMap(([name]) => {
    const value = fitted.get(name);
    return value === undefined ? [] : [`${name}: ${value}`];
  });
  return { lines, cut };
}

/** Bytes of the header as a line of the message. */
function size(name: string, value: string): number {
  return Buffer.byteLength(name) + Buffer.byteLength(value) + 4;
}

/** A character as it is, or the percent-encoded bytes of one character of UTF-8. */
const CHARACTERS = /%[C-F][0-9A-F](?:%[89AB][0-9A-F])+|%[0-9A-F]{2}|[\s\S]/giu;

function shorterText(value: string, limitBytes: number): string {
  if (Buffer.byteLength(value) <= limitBytes) return value;
  let text = '';
  let bytes = 0;
  for (const [character] of value.matchAll(CHARACTERS)) {
    bytes += Buffer.byteLength(character);
    if (bytes > limitBytes) break;
    text += character;
  }
  return text;
}

/** Percent-encoded JSON of as many entries as fit; undefined when none does, or when it is no object. */
function shorterSlots(value: string, limitBytes: number): string | undefined {
  if (Buffer.byteLength(value) <= limitBytes) return value;
  let all: unknown;
  try {
    all = JSON.parse(decodeURIComponent(value));
  } catch {
    return undefined;
  }
  if (typeof all !== 'object' || all === null || Array.isArray(all)) return undefined;
  const entries = Object.entries(all);
  while (entries.pop() && entries.length > 0) {
    const encoded = encodeURIComponent(JSON.stringify(Object.fromEntries(entries)));
    if (encoded.length <= limitBytes) return encoded;
  }
  return undefined;
}
