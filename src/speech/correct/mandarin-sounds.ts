import { pinyin } from 'pinyin-pro';
import { phonesOf } from '../grammar/units.js';
import type { Sounds, Unit } from './sounds.js';

/**
 * How Mandarin sounds, for telling what a recogniser took for what: a unit is a character, its phones an initial and a final with its tone. Costs are of one phone taken for
 * another, 0 (the same) to 1. The pairs are those that Mandarin recognisers and southern speakers mix up (retroflex and dental, n/l, f/h, front and back nasals), and over the
 * telephone those that differ above 3.4 kHz or in voicing only.
 */

const HAN = /^\p{Script=Han}$/u;
const TONE_COST = 0.2;
const NEAR_INITIAL = 0.35;
const NEAR_FINAL = 0.35;
const NEAR_INITIALS = pairs(
  'zh z,ch c,sh s,n l,f h,r l,b p,d t,g k,j q,j zh,q ch,x sh,x s,z c,zh ch,j x,q x,s c,sh ch,m n,b d,p t,g h,k h',
);
const NEAR_FINALS = pairs(
  'in ing,en eng,an ang,ian iang,uan uang,un ong,ian in,ie i,ei i,ai ei,ao ou,iao iou,iu iou,ui uei,un uen,uo o,uo ou,e a,e o,u ou,u o,v i,van ian,ve ie,ou iu,a ia,ing eng,ong eng,uan an,ua a,er e',
);
/** 幺 is one, 两 is two: another word for the same digit is no mistake. */
const SAME_CHARACTER: Readonly<Record<string, string>> = { 幺: '一', 两: '二', 〇: '零' };

const known = new Map<string, readonly string[]>();

export const MANDARIN_SOUNDS: Sounds = {
  units(text) {
    const units: Unit[] = [];
    let at = 0;
    for (const char of text) {
      if (HAN.test(char)) units.push({ start: at, end: at + char.length, phones: phonesOfCharacter(char) });
      at += char.length;
    }
    return units;
  },
  substitution(a, b) {
    if (a === b) return 0;
    const [finalA, toneA] = split(a);
    const [finalB, toneB] = split(b);
    if (toneA === '' || toneB === '') return toneA === toneB && NEAR_INITIALS.has(`${a} ${b}`) ? NEAR_INITIAL : 1;
    const tone = toneA === toneB ? 0 : TONE_COST;
    if (finalA === finalB) return tone;
    return NEAR_FINALS.has(`${finalA} ${finalB}`) ? NEAR_FINAL + tone : 1;
  },
  gap: 0.7,
};

function phonesOfCharacter(char: string): readonly string[] {
  const before = known.get(char);
  if (before) return before;
  const syllable = pinyin(SAME_CHARACTER[char] ?? char, { toneType: 'num', type: 'string', v: true });
  // y and w only spell a syllable that begins with its vowel.
  const phones = phonesOf(respell(syllable));
  known.set(char, phones);
  return phones;
}

function respell(syllable: string): string {
  return syllable
    .replace(/^yu/, 'v')
    .replace(/^y(?=i)/, '')
    .replace(/^y/, 'i')
    .replace(/^w(?=u)/, '')
    .replace(/^w/, 'u');
}

function split(phone: string): readonly [final: string, tone: string] {
  const tone = phone.at(-1) ?? '';
  return /\d/.test(tone) ? [phone.slice(0, -1), tone] : [phone, ''];
}

function pairs(list: string): ReadonlySet<string> {
  return new Set(
    list.split(',').flatMap((pair) => {
      const [a = '', b = ''] = pair.split(' ');
      return [`${a} ${b}`, `${b} ${a}`];
    }),
  );
}
