/** A reader for the little XML that SSML needs. Anything that is not well formed is refused as a whole: nobody is to hear half a tag. */

export type Markup = string | MarkupElement;

export interface MarkupElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Markup[];
}

const MOST_DEPTH = 16;
const MOST_ELEMENTS = 500;
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const TAG =
  /<(?:!--[\s\S]*?--|\?[^>]*\?|(\/)?([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/)?)>/y;
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** The root element, or undefined when the text is not well-formed, or larger or deeper than speech ever is. */
export function readMarkup(text: string): MarkupElement | undefined {
  type Open = { name: string; attributes: Record<string, string>; children: Markup[] };
  const top: Open = { name: '', attributes: {}, children: [] };
  const open: Open[] = [top];
  let elements = 0;
  let at = 0;
  while (at < text.length) {
    const parent = open.at(-1) as Open;
    const next = text.indexOf('<', at);
    const plain = text.slice(at, next < 0 ? text.length : next);
    if (plain !== '') {
      const read = decodeEntities(plain);
      if (read === undefined) return undefined;
      parent.children.push(read);
    }
    if (next < 0) break;
    TAG.lastIndex = next;
    const tag = TAG.exec(text);
    if (!tag) return undefined;
    at = TAG.lastIndex;
    const [, closing, name, attributes = '', empty] = tag;
    if (name === undefined) continue;
    if (closing !== undefined) {
      if (open.length < 2 || parent.name !== name) return undefined;
      open.pop();
      continue;
    }
    if (++elements > MOST_ELEMENTS || open.length > MOST_DEPTH) return undefined;
    const element: Open = { name, attributes: attributesOf(attributes), children: [] };
    parent.children.push(element);
    if (empty === undefined) open.push(element);
  }
  if (open.length !== 1) return undefined;
  const roots = top.children.filter((child) => typeof child !== 'string' || child.trim() !== '');
  const [root] = roots;
  return roots.length === 1 && typeof root === 'object' ? root : undefined;
}

function attributesOf(text: string): Record<string, string> {
  const out: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [, name = '', double, single] of text.matchAll(ATTRIBUTE)) {
    out[name] = decodeEntities(double ?? single ?? '') ?? '';
  }
  return out;
}

/** Undefined for an entity that XML does not know. */
function decodeEntities(text: string): string | undefined {
  let broken = false;
  const out = text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|\w{1,8})?;?/gi, (whole, name: string | undefined) => {
    if (name === undefined || !whole.endsWith(';')) {
      // A lone ampersand ("A & B") is a mistake everybody makes and everybody understands.
      return whole;
    }
    if (!name.startsWith('#')) {
      const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
      if (known === undefined) broken = true;
      return known ?? '';
    }
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
      broken = true;
      return '';
    }
    return String.fromCodePoint(code);
  });
  return broken ? undefined : out;
}
