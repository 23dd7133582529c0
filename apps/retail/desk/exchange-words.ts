/** What an exchange shall be for, read from the words: the entities of a sentence do not say what of it is wanted and what is not. */

export interface ExchangeWish {
  /** `42`, `XL`, `bigger`, `smaller`. */
  readonly size?: string;
  readonly colour?: string;
  /** It does not fit, without a word of what would. */
  readonly fit?: true;
  /** Something is not wanted: "不要M". */
  readonly not?: 'size' | 'colour';
}

const COLOURS: readonly (readonly [RegExp, string])[] = [
  [/黑(?=色|的)|\bblack\b/gu, 'black'],
  [/(?<!米)白(?=色|的)|\bwhite\b/gu, 'white'],
  [/(?<!粉)红(?=色|的)|\bred\b/gu, 'red'],
  [/蓝(?=色|的)|\bblue\b/gu, 'blue'],
  [/灰(?=色|的)|\bgr[ea]y\b/gu, 'grey'],
  [/绿(?=色|的)|\bgreen\b/gu, 'green'],
  [/粉红?(?=色|的)|\bpink\b/gu, 'pink'],
  [/黄(?=色|的)|\byellow\b/gu, 'yellow'],
  [/米白?(?=色|的)|\bbeige\b/gu, 'beige'],
  [/(?:棕|咖啡)(?=色|的)|\bbrown\b/gu, 'brown'],
];

const SIZES: readonly (readonly [RegExp, string])[] = [
  [/(?<![a-z'])xxl(?![a-z])/gu, 'XXL'],
  [/(?<![a-z'])xl(?![a-z])|加大号?|\bextra large\b/gu, 'XL'],
  [
    /(?<=^|\p{Script=Han} ?|(?:size|an?|to|the|in|want|need|not|but|rather) )l(?![a-z'])|(?<!加)大号|(?<!extra )\blarge\b/gu,
    'L',
  ],
  [/(?<=^|\p{Script=Han} ?|(?:size|an?|to|the|in|want|need|not|but|rather) )m(?![a-z'])|中号|\bmedium\b/gu, 'M'],
  [
    /(?<=^|\p{Script=Han} ?|(?:size|an?|to|the|in|want|need|not|but|rather) )s(?![a-z'])|小号|\bsmall\b(?<!too small)/gu,
    'S',
  ],
  [/大一[号码点]|大点的?|\b(?:bigger|larger|size up)\b/gu, 'bigger'],
  [/小一[号码点]|小点的?|\b(?:smaller|size down)\b/gu, 'smaller'],
];
const SHOE_SIZE =
  /(?<![\d.])(3[5-9]|4[0-8])(?![\d.])|(?<![零〇一二三四五六七八九幺])(三十[五六七八九]|四十[一二三四五六七八]?)(?![零〇一二三四五六七八九幺十百块元])/gu;
const DIGITS = '一二三四五六七八九';

const FIT =
  /(?:太|有点|有些|偏|买|穿着)[小大紧松肥瘦长短]|[小紧瘦](?=了|$)|(?<![长])大了|夹脚|挤脚|穿不[下上进]|不合[脚身]|\btoo (?:small|big|large|tight|loose|long|short|wide|narrow)\b|\b(?:doesn't|does not|don't|do not|didn't) fit\b|\bwrong size\b/u;
/** Before what is not wanted, or came in place of what is. */
const NOT =
  /(?:[发寄送]|收到)(?:过?来)?(?:的(?:却?是)?|了|成|错)(?:一?[个件双])?\s*$|\b(?:sent|got|received|came)(?: me)?(?: in)?(?: the| a| an)?\s*$|(?:不要|不想要|不换|别要|不是)(?:这个|那个|原来的)?\s*$|\b(?:not|no|don't want|forget)(?: the| a| an| it)?(?: size)?\s*$/u;

interface Found {
  readonly value: string;
  readonly at: number;
  readonly wanted: boolean;
}

export function readExchangeWish(text: string): ExchangeWish {
  const said = text.toLowerCase().replaceAll('’', "'");
  const colours = found(said, COLOURS);
  const sizes = [...found(said, SIZES), ...shoeSizes(said)].sort((one, other) => one.at - other.at);
  const colour = wantedOf(colours);
  const size = wantedOf(sizes);
  const not = [...sizes, ...colours].some((each) => !each.wanted);
  return {
    ...(size === undefined ? {} : { size }),
    ...(colour === undefined ? {} : { colour }),
    ...(size === undefined && FIT.test(said) ? { fit: true } : {}),
    ...(not ? { not: sizes.some((each) => !each.wanted) ? 'size' : 'colour' } : {}),
  };
}

/** The last one: "黑的，还是白的吧". */
function wantedOf(all: readonly Found[]): string | undefined {
  return all.findLast((each) => each.wanted)?.value;
}

function found(said: string, kinds: readonly (readonly [RegExp, string])[]): Found[] {
  return kinds
    .flatMap(([pattern, value]) => [...said.matchAll(pattern)].map(({ index }) => foundAt(said, index, value)))
    .sort((one, other) => one.at - other.at);
}

function shoeSizes(said: string): Found[] {
  return [...said.matchAll(SHOE_SIZE)].map((match) => {
    const [, figures, words = ''] = match;
    const tens = words.startsWith('三') ? 30 : 40;
    const value = figures ?? String(tens + 1 + DIGITS.indexOf(words[2] ?? '\u0000'));
    return foundAt(said, match.index, value);
  });
}

function foundAt(said: string, at: number, value: string): Found {
  return { value, at, wanted: !NOT.test(said.slice(0, at)) };
}
