/** What callers answer in the bench, and what they say instead. */

export const CITIES =
  '北京 上海 广州 深圳 杭州 南京 苏州 武汉 成都 重庆 天津 西安 长沙 郑州 青岛 济南 大连 沈阳 哈尔滨 长春 石家庄 太原 合肥 福州 厦门 泉州 南昌 昆明 贵阳 南宁 海口 三亚 兰州 银川 西宁 乌鲁木齐 拉萨 呼和浩特 宁波 温州 嘉兴 绍兴 金华 台州 无锡 常州 徐州 南通 扬州 镇江 盐城 芜湖 蚌埠 赣州 九江 烟台 潍坊 临沂 淄博 威海 洛阳 开封 新乡 宜昌 襄阳 荆州 株洲 湘潭 岳阳 衡阳 佛山 东莞 珠海 中山 惠州 汕头 湛江 江门 桂林 柳州 北海 绵阳 德阳 宜宾 遵义 大理 丽江 咸阳 宝鸡 唐山 保定 邯郸 秦皇岛 廊坊 大同 包头 鞍山 吉林 齐齐哈尔 大庆'.split(
    ' ',
  );

export const MENU =
  '查订单 退货 换货 退款 开发票 修改地址 人工服务 投诉 催发货 取消订单 会员积分 优惠券 售后维修 价格保护 安装预约 物流查询 支付问题 账号安全 门店查询 招商合作'.split(
    ' ',
  );

/** Short answers to any question that are none. */
const ASIDES =
  '好的 不知道 等一下 我想想 你说什么 没听清楚 再说一遍 我不想说 算了吧 不用了 可以 对的 不对 没有了 谢谢 你好 喂 转人工 我要投诉你们 随便 都可以 你猜 不方便 我在开车 稍等 怎么了 为什么要问这个 今天 明天下午 三件'.split(
    ' ',
  );

const CITY_ANSWERS = ['', '我在{}', '{}市', '寄到{}', '送到{}来'];
const MENU_ANSWERS = ['', '我要{}', '我想{}', '{}谢谢', '帮我{}'];

/** Park and Miller's generator (CACM 31, 1988): the same answers in every run. */
export function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

export interface Answer {
  /** A neighbour is an unknown number that differs in one digit from a known one: hardly anybody's, and the hardest. */
  readonly set:
    | 'city'
    | 'menu'
    | 'known number'
    | 'unknown number'
    | 'neighbour number'
    | 'unlisted city'
    | 'something else';
  /** What is said, in characters as they are read. */
  readonly said: string;
  /** What of it counts; '' when anything else than what was heard is wrong. */
  readonly truth: string;
  readonly words: readonly string[];
  readonly numbers: readonly string[];
}

/** Answers of one caller. `others`: sentences that answer nothing. */
export function answersOf(seed: number, others: readonly string[]): readonly Answer[] {
  const random = sequence(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const answer = (frames: readonly string[], word: string): string => {
    const frame = pick(frames);
    return frame === '' ? word : frame.replace('{}', word);
  };
  const number = (): string => Array.from({ length: 8 }, () => Math.floor(random() * 10)).join('');
  const spoken = (digits: string): string =>
    digits.replace(/\d/g, (digit) => '零一二三四五六七八九'[Number(digit)] ?? '');
  const out: Answer[] = [];
  for (let index = 0; index < 40; index++) {
    const city = pick(CITIES);
    out.push({ set: 'city', said: answer(CITY_ANSWERS, city), truth: city, words: CITIES, numbers: [] });
  }
  for (let index = 0; index < 25; index++) {
    const word = pick(MENU);
    out.push({ set: 'menu', said: answer(MENU_ANSWERS, word), truth: word, words: MENU, numbers: [] });
  }
  for (let index = 0; index < 30; index++) {
    const [mine, ...rest] = [number(), number(), number()] as const;
    const said = spoken(mine);
    out.push({ set: 'known number', said, truth: said, words: [], numbers: [mine, ...rest] });
    const other = number();
    const at = Math.floor(random() * 8);
    const near = other.slice(0, at) + ((Number(other[at]) + 1 + Math.floor(random() * 9)) % 10) + other.slice(at + 1);
    const unknown = { said: spoken(other), truth: spoken(other), words: [] };
    out.push({ set: 'unknown number', ...unknown, numbers: [number(), ...rest] });
    out.push({ set: 'neighbour number', ...unknown, numbers: [near, ...rest] });
  }
  for (let index = 0; index < 30; index++) {
    const city = pick(CITIES);
    const words = CITIES.filter((each) => each !== city);
    out.push({ set: 'unlisted city', said: answer(CITY_ANSWERS, city), truth: city, words, numbers: [] });
  }
  for (const said of [...others, ...ASIDES])
    out.push({ set: 'something else', said, truth: '', words: pick([CITIES, MENU]), numbers: [number()] });
  return out;
}
