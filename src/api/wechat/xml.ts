import { HearkenError } from '../../errors.js';

/** WeChat's messages are flat; what needs more than this is none. */
const MAX_BYTES = 65_536;
const MAX_ELEMENTS = 100;
const MAX_DEPTH = 4;

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * The text of the elements right below `<xml>`, by name. Reads the little XML that WeChat sends and nothing else: no DOCTYPE, so no entities of one's own and nothing
 * fetched; no processing instructions but the declaration; attributes, comments and deeper elements are passed over. Throws REQUEST_INVALID. One pass, no backtracking.
 */
export function readXml(text: string): ReadonlyMap<string, string> {
  if (text.length > MAX_BYTES) throw broken('it is too long');
  const found = new Map<string, string>();
  const open: string[] = [];
  let content = '';
  let elements = 0;
  let at = text.startsWith('\ufeff') ? 1 : 0;
  while (at < text.length) {
    const next = text.indexOf('<', at);
    const end = next === -1 ? text.length : next;
    if (open.length === 2) content += decoded(text.slice(at, end));
    else if (open.length === 0 && text.slice(at, end).trim() !== '') throw broken('there is text outside of it');
    if (next === -1) break;
    if (text.startsWith('<![CDATA[', next)) {
      const close = text.indexOf(']]>', next);
      if (close === -1 || open.length === 0) throw broken('a CDATA section is not closed');
      if (open.length === 2) content += text.slice(next + 9, close);
      at = close + 3;
    } else if (text.startsWith('<!--', next)) {
      at = after(text, '-->', next);
    } else if (text.startsWith('<?xml', next) && open.length === 0) {
      at = after(text, '?>', next);
    } else {
      const close = text.indexOf('>', next);
      const tag = /^<(\/?)([A-Za-z_][\w.-]{0,63})(\s[^<]{0,1000})?(\/?)$/.exec(
        text.slice(next, close === -1 ? next : close),
      );
      if (tag === null) throw broken(`"${text.slice(next, next + 20)}" is not allowed`);
      const [, slash, name = '', , empty] = tag;
      if (slash === '/') {
        if (open.pop() !== name) throw broken(`</${name}> closes nothing`);
        if (open.length === 1) found.set(name, content);
        if (open.length <= 1) content = '';
      } else {
        if (++elements > MAX_ELEMENTS || open.length >= MAX_DEPTH) throw broken('it is too large');
        if (open.length === 0 && (name !== 'xml' || elements > 1)) throw broken('it must be one <xml>');
        if (empty !== '/' && !(tag[3] ?? '').endsWith('/')) open.push(name);
        else if (open.length === 1) found.set(name, '');
      }
      at = close + 1;
    }
  }
  if (open.length > 0 || elements === 0) throw broken('it ends too early');
  return found;
}

/** `<xml>` with these elements: numbers as they are, text in CDATA without what XML 1.0 can not hold. */
export function writeXml(elements: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(elements).map(([name, value]) =>
    typeof value === 'number' ? `<${name}>${value}</${name}>` : `<${name}><![CDATA[${safe(value)}]]></${name}>`,
  );
  return `<xml>${lines.join('')}</xml>`;
}

function safe(text: string): string {
  // A CDATA section can not hold its own end: it is cut in two there.
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must go (https://www.w3.org/TR/xml/#charsets)
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replaceAll(']]>', ']]]]><![CDATA[>')
  );
}

function decoded(text: string): string {
  return text.replace(/&([^;\s]{0,12});?/g, (all, name: string) => {
    const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
    if (known !== undefined) return known;
    const code = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/i.exec(name);
    if (code === null) throw broken(`the entity ${all.slice(0, 14)} is not allowed`);
    const point = code[1] === undefined ? Number(code[2]) : Number.parseInt(code[1], 16);
    return point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff)
      ? String.fromCodePoint(point)
      : '\ufffd';
  });
}

function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  if (at === -1) throw broken(`"${mark}" is missing`);
  return at + mark.length;
}

function broken(reason: string): HearkenError {
  return new HearkenError('REQUEST_INVALID', `This is not a message of WeChat: ${reason}.`, {
    hint: 'This address is for the message push of an official account.',
  });
}
