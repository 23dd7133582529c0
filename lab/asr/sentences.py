"""Training sentences: the project's own contact-centre templates (templates.txt) and, where CrossWOZ (Apache-2.0) is at
hand, its dialogue turns.  Nothing else: what ships may hold only text whose licence allows it.

usage: sentences.py --out sentences.json [--crosswoz FOLDER] [--count 20000] [--digits 4000] [--seed 7]
Output: a list of {"text": Chinese characters only, "src": "ivr" | "digits" | "crosswoz"}, shuffled, without repeats.
"""
import argparse
import glob
import json
import os
import random
import re
import zipfile
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
DIGIT = '零一二三四五六七八九'
PRODUCT = ('手机 电脑 耳机 冰箱 洗衣机 空调 电视 衣服 裤子 鞋子 裙子 外套 书包 手表 相机 平板 键盘 鼠标 充电器 数据线 路由器 打印机 水杯 面膜 口红 奶粉 玩具 零食 '
           '牛奶 大米 水果 茶叶 沙发 床垫 台灯 电饭煲 热水器 微波炉 吸尘器 行李箱 眼镜 雨伞 毛巾 洗发水 牙膏 商品 东西 包裹 宝贝 快递 货 礼品').split()
CITY = ('北京 上海 广州 深圳 杭州 南京 苏州 武汉 成都 重庆 天津 西安 长沙 郑州 青岛 大连 厦门 福州 宁波 无锡 合肥 济南 沈阳 哈尔滨 长春 昆明 南昌 贵阳 南宁 太原 '
        '石家庄 兰州 海口 东莞 佛山 温州 珠海').split()
AREA = '朝阳区 海淀区 浦东新区 天河区 南山区 福田区 江北区 武侯区 西湖区 鼓楼区 和平区 东城区 高新区 开发区'.split()
ROAD = '人民路 中山路 解放路 建设路 和平路 新华路 长江路 黄河路 文化路 北京路 南京路 科技路 学院路 滨江大道 迎宾大道 幸福街 光明街 胜利街'.split()
SURNAME = ('张王李赵刘陈杨黄周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔任陆廖姚方金邱夏谭韦贾邹石熊孟秦'
           '阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚')
GIVEN = '伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国志文斌飞鹏辉琳雪梅婷慧欣怡晨阳子轩浩宇佳琪思雨梓涵海波晓东小春'
COLOUR = '红色 蓝色 白色 黑色 灰色 绿色 黄色 粉色 紫色'.split()
BANK = '工商银行 建设银行 农业银行 中国银行 招商银行 交通银行 邮政储蓄 中信银行 光大银行 民生银行 浦发银行 平安银行 兴业银行'.split()
BEFORE = (['', '', '', ''] + '你好 您好 喂 我想 我要 帮我 请帮我 麻烦你 麻烦帮我 请问 我想问一下 那个 嗯 哎你好 客服你好 我需要 能不能 可以 能帮我 给我'.split())
AFTER = (['', '', '', '', ''] + '吧 可以吗 行吗 好吗 谢谢 怎么办 呢 啊 一下 怎么弄 要多久 需要什么材料 怎么操作 谢谢你 好不好 快一点 行不行'.split())
DAY = '今天 昨天 前天 明天 后天 上周 这周 下周 上个月 这个月 下个月 去年 今年 刚才 早上'.split()


def number(n):
    """A whole number below 10**12 as it is read aloud."""
    if n == 0:
        return '零'
    out = ''
    for unit, name in ((100000000, '亿'), (10000, '万')):
        if n >= unit:
            out += number(n // unit) + name
            n %= unit
            if unit == 100000000 and 10000 <= n < unit // 10:
                out += '零'
    gap = False
    for unit, name in ((1000, '千'), (100, '百'), (10, '十'), (1, '')):
        q, n = divmod(n, unit)
        if q:
            if gap and out:
                out += '零'
            gap = False
            out += '十' if unit == 10 and q == 1 and not out else DIGIT[q] + name
        else:
            gap = True
    return out


class Filler:
    """Fills the {slots} of a template with random values."""

    def __init__(self, rng):
        self.r = rng

    def digits(self, n, yao=False):
        s = ''.join(self.r.choice(DIGIT) for _ in range(n))
        return s.replace('一', '幺') if yao else s

    def phone(self):
        r = self.r
        return ('一' if r.random() < .4 else '幺') + r.choice('三五七八九') + self.digits(9, r.random() < .5)

    def money(self):
        r = self.r
        n = r.choice([r.randint(1, 99), r.randint(100, 999), r.randint(1000, 99999)])
        s = number(n) + r.choice(['元', '块', '块钱'])
        if r.random() < .3:
            s = number(n) + '点' + DIGIT[r.randint(0, 9)] + DIGIT[r.randint(1, 9)] + '元'
        if r.random() < .15:
            s = s.replace('二千', '两千').replace('二百', '两百').replace('二万', '两万')
        return s

    def date(self):
        r = self.r
        k = r.random()
        if k < .35:
            return number(r.randint(1, 12)) + '月' + number(r.randint(1, 31)) + r.choice(['号', '日'])
        if k < .7:
            return r.choice(DAY)
        if k < .85:
            return r.choice(['星期', '周', '礼拜', '上周', '下周']) + r.choice('一二三四五六')
        return '二零' + r.choice('一二') + DIGIT[r.randint(0, 9)] + '年' + number(r.randint(1, 12)) + '月'

    def time(self):
        r = self.r
        return (r.choice(['', '上午', '下午', '晚上', '早上', '中午']) + number(r.randint(1, 12)) + '点'
                + r.choice(['', '半', '钟', number(r.randint(10, 59)) + '分', '一刻']))

    def address(self):
        r = self.r
        tail = r.choice(['', number(r.randint(1, 30)) + '号楼', number(r.randint(1, 9)) + '单元' + self.digits(3) + '室'])
        return r.choice(CITY) + r.choice(['市', '']) + r.choice(AREA) + r.choice(ROAD) + number(r.randint(1, 300)) + '号' + tail

    def fill(self, template):
        r = self.r
        table = {
            'date': self.date, 'time': self.time, 'money': self.money, 'phone': self.phone, 'addr': self.address,
            'name': lambda: r.choice(SURNAME) + ''.join(r.choice(GIVEN) for _ in range(r.choice([1, 2, 2]))),
            'prod': lambda: r.choice(PRODUCT), 'city': lambda: r.choice(CITY), 'area': lambda: r.choice(AREA),
            'col': lambda: r.choice(COLOUR), 'bank': lambda: r.choice(BANK), 'sur': lambda: r.choice(SURNAME),
            'd4': lambda: self.digits(4), 'd6': lambda: self.digits(6), 'd8': lambda: self.digits(8),
            'ord': lambda: self.digits(r.randint(6, 12)), 'card': lambda: '六二' + self.digits(r.choice([8, 14])),
            'id': lambda: self.digits(r.choice([8, 17])), 'n': lambda: r.choice('一两三四五六八九'),
        }
        return re.sub(r'\{(\w+)\}', lambda m: table[m.group(1)](), template)


def clean(sentence):
    """Digits as read aloud, punctuation away; '' when anything but Chinese characters stays or the length is odd."""
    read = lambda m: (''.join(DIGIT[int(c)] for c in m.group(1)) if len(m.group(1)) > 4 or m.group(1)[0] == '0'
                      else number(int(m.group(1))))
    s = re.sub(r'(\d+)', read, sentence)
    s = re.sub(r'[\s，。？！、；：“”‘’"\'?!,.:;~…—（）()《》<>【】\[\]·-]', '', s)
    return s if re.fullmatch(r'[\u4e00-\u9fff]{2,18}', s) else ''


def crosswoz(folder):
    """Clauses of the CrossWOZ validation and test dialogues (Apache-2.0)."""
    for path in sorted(glob.glob(os.path.join(folder, '*.json.zip'))):
        z = zipfile.ZipFile(path)
        for dialogue in json.loads(z.read(z.namelist()[0]).decode('utf8')).values():
            for message in dialogue['messages']:
                for part in re.split(r'[，。？！,;；?!]', message['content']):
                    yield clean(part)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument('--out', required=True)
    ap.add_argument('--crosswoz')
    ap.add_argument('--count', type=int, default=20000, help='contact-centre sentences')
    ap.add_argument('--digits', type=int, default=4000, help='bare digit strings')
    ap.add_argument('--seed', type=int, default=7)
    a = ap.parse_args()
    rng = random.Random(a.seed)
    filler = Filler(rng)
    templates = [l for l in open(os.path.join(HERE, 'templates.txt'), encoding='utf8').read().split('\n') if l]
    out, seen = [], set()

    def add(text, src):
        if text and text not in seen and 1 <= len(text) <= 24:
            seen.add(text)
            out.append({'text': text, 'src': src})
            return True
        return False

    for t in templates:
        add(filler.fill(t), 'ivr')
    n = 0
    while n < a.count:
        t = filler.fill(rng.choice(templates))
        k = rng.random()
        if k < .45 and len(t) > 1:
            t = rng.choice(BEFORE) + t + rng.choice(AFTER)
        elif k < .55:
            t += filler.fill(rng.choice(templates))
        n += add(t, 'ivr')
    n = 0
    while n < a.digits:
        n += add(filler.digits(rng.randint(2, 12), rng.random() < .4), 'digits')
    for t in crosswoz(a.crosswoz) if a.crosswoz else ():
        add(t, 'crosswoz')
    count = Counter(ch for o in out for ch in o['text'])
    out = [o for o in out if all(count[ch] >= 2 for ch in o['text'])]
    rng.shuffle(out)
    json.dump(out, open(a.out, 'w', encoding='utf8'), ensure_ascii=False)
    print(len(out), Counter(o['src'] for o in out), 'characters', len({ch for o in out for ch in o['text']}))


if __name__ == '__main__':
    main()
