/** What the shop takes from outside. Each returns the clean value, or undefined when it is not one. */

export function textOf(value: unknown, longest: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text === '' || text.length > longest ? undefined : text;
}

export function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T | undefined {
  return allowed.find((each) => each === value);
}

/** A mobile number of mainland China, or a North American one. */
export function phoneOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^(?:1[3-9]\d{9}|[2-9]\d{2}[2-9]\d{6})$/.test(value) ? value : undefined;
}

/** Ten-minute sanity, not RFC 5321: one @, a domain with a dot, no spaces. */
export function emailOf(value: unknown): string | undefined {
  const text = textOf(value, 254)?.toLowerCase();
  return text !== undefined && /^[^\s@<>"']{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(text) ? text : undefined;
}

/** Eighteen characters of GB 32100-2015 (unified social credit code) with its check character, or an old number of fifteen digits. */
export function taxNumberOf(value: unknown): string | undefined {
  const text = textOf(value, 40)?.toUpperCase().replace(/[\s-]/g, '');
  if (text === undefined) return undefined;
  if (/^\d{15}$/.test(text)) return text;
  return /^[0-9A-HJ-NP-RTUWXY]{18}$/.test(text) && checkCharacter(text) === text[17] ? text : undefined;
}

const ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';

function checkCharacter(code: string): string | undefined {
  let sum = 0;
  let weight = 1;
  for (let at = 0; at < 17; at++) {
    sum += ALPHABET.indexOf(code[at] ?? '') * weight;
    weight = (weight * 3) % 31;
  }
  return ALPHABET[(31 - (sum % 31)) % 31];
}
