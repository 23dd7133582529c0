/**
 * What the service says to people at the console, in Mandarin. It speaks English to its clients, whoever they are; a page in another language says the same in its own words, and
 * shows as it came what is not listed here. A test finds what the service has newly learnt to say.
 */
const SAYINGS: Readonly<Record<string, string>> = {
  'An administrator gives roles: hearken users change NAME --role …':
    '角色由管理员分配：hearken users change NAME --role …',
  'Ask a supervisor.': '请联系主管。',
  'Ask them, or a supervisor.': '请联系对方或主管。',
  'Ask your colleagues.': '请问一下同事。',
  'Build it: npm run build -w @hearken/web': '请先构建：npm run build -w @hearken/web',
  'Calls are not recorded (record.audio).': '没有开启通话录音（record.audio）。',
  'Check both; letters may be capital by accident.': '请检查用户名和密码，注意大小写。',
  'Check that the folder can be written to and has room.': '请检查该文件夹是否可写、空间是否足够。',
  'Check that Redis runs at REDIS_URL; without REDIS_URL sessions live in memory.':
    '请检查 REDIS_URL 处的 Redis 是否在运行；不设 REDIS_URL 时会话只存在内存里。',
  'Close some.': '请关掉几个页面。',
  'desk.wrapUpCodes lists them.': '可用的选项见 desk.wrapUpCodes。',
  'End it or hand it back before you wrap it up.': '请先结束对话或交还，再做小结。',
  'End one of them.': '请先结束其中一个。',
  'hearken users list shows them.': '用 hearken users list 可以查看。',
  'It may be older than what is kept (store.keepDays, record.keepDays).':
    '可能已超过保存期限（store.keepDays、record.keepDays）。',
  'It may be over, or typed.': '通话可能已结束，或者是文字对话。',
  'It may be over.': '可能已经结束。',
  'It may have been closed long ago; look for it among past calls.': '可能早已关闭，请在历史通话里查找。',
  'It was a while ago, or at another instance; look for it among past calls.':
    '时间较久，或在另一个实例上，请在历史通话里查找。',
  'It was not recorded, or is no longer kept (record.keepDays).': '没有录音，或录音已过保存期限（record.keepDays）。',
  'Let them hand it back first.': '请让对方先交还。',
  'List its folder in console.playgroundApps.': '请把它的文件夹写进 console.playgroundApps。',
  'List them to see their numbers.': '请先列出，查看编号。',
  'Look at the file on the machine.': '请在服务器上查看该文件。',
  'Look at the queue.': '请看排队列表。',
  'Mend it or put it away; hearken users add begins a new one.': '请修复或移走该文件；hearken users add 会新建一个。',
  'Mend the application.': '请修正应用。',
  'Only typed ones are taken over here.': '这里只能接管文字对话。',
  'Open it again.': '请重新打开。',
  'Open one.': '请新开一个。',
  'Put them through to the bot from there.': '请从那边转回机器人。',
  'See /documentation for what is expected.': '要求见 /documentation。',
  'See /documentation.': '请看 /documentation。',
  'Send a shorter text.': '请发短一些的文字。',
  'Send X-Hearken-Console: 1, from the same origin.': '请求须来自同一网站，并带上 X-Hearken-Console: 1。',
  'Settle some of them.': '请先处理掉一些。',
  'Sign in.': '请登录。',
  'Somebody else took it, or the visitor left.': '别的坐席已接走，或访客已离开。',
  'Talk to them there.': '请在那边与对方交谈。',
  'The limit is desk.maxQueue.': '上限见 desk.maxQueue。',
  'The log of the service has it under this request id.': '服务日志里可按这个请求编号查到。',
  'There are no users yet. On the machine: npx hearken users add NAME --role admin':
    '还没有用户。请在服务器上运行：npx hearken users add NAME --role admin',
  'Try again.': '请再试一次。',
  'Wait a moment.': '请稍等。',
  'Wait as long as the Retry-After header says.': '请稍候再试。',
  'Wrap it up.': '请做小结。',
};

const WAIT = /^Wait (\d+) s\.$/;

/** Facts of the health page: names, states, and what stands beside them. */
const FACTS: readonly (readonly [RegExp, string])[] = [
  [/^sessions$/, '会话'],
  [/^conversations$/, '对话记录'],
  [/^recogniser$/, '语音识别'],
  [/^synthesiser$/, '语音合成'],
  [/^bridge$/, 'SIP 网桥'],
  [/^memory$/, '内存'],
  [/^files$/, '文件'],
  [/^(\d+) of (\d+)$/, '$1 / $2'],
  [/^up$/, '正常'],
  [/^down$/, '异常'],
  [/^ok$/, '正常'],
  [/^draining$/, '停止接新通话'],
  [/^registered$/, '已注册'],
  [/^not registered$/, '未注册'],
  [/^registered at (.+)$/, '已注册到 $1'],
  [/^not registered at (.+)$/, '未注册到 $1'],
  [/^(.+) does not answer$/, '$1 没有应答'],
  [/^(\d+) calls$/, '$1 路通话'],
  [/^(\d+) events wait$/, '待写入 $1 条'],
  [/^(\d+) lost$/, '丢失 $1 条'],
  [/^(\d+) streams$/, '$1 路语音'],
  [/^load (\d+) %$/, '负载 $1%'],
  [/^started again (\d+) times$/, '重启 $1 次'],
  [/^(\d+) of (\d+) prompts from the cache$/, '提示音 $2 次中 $1 次来自缓存'],
  [/^(.+) not found$/, '未找到 $1'],
  [/^first choice$/, '首选'],
  [/^built-in$/, '内置'],
  [/^from its npm package$/, '来自 npm 包'],
  [/^flite, built in, stands in$/, '由内置的 flite 代替'],
  [/^espeak-ng of this machine stands in$/, '由本机的 espeak-ng 代替'],
  [/^none is configured$/, '没有配置'],
  [/^speech is noticed but not understood, keys work$/, '能察觉说话但听不懂，按键可用'],
  [/^(.+) incomplete or damaged \(hearken models verify\)$/, '$1 不完整或已损坏（hearken models verify）'],
  [/^in (\/.+)$/, '位于 $1'],
];

/** A fact of the health page in Mandarin, part by part; parts that are not known stay as they came. */
export function factInChinese(text: string): string {
  if (text.includes('; ')) return text.split('; ').map(factInChinese).join('；');
  for (const [pattern, words] of FACTS) if (pattern.test(text)) return text.replace(pattern, words);
  return text.includes(', ') ? text.split(', ').map(factInChinese).join('，') : text;
}

/** In Mandarin; undefined for what is not known. */
export function saidInChinese(text: string): string | undefined {
  const seconds = WAIT.exec(text)?.[1];
  if (seconds !== undefined) return `请等 ${seconds} 秒。`;
  return Object.hasOwn(SAYINGS, text) ? SAYINGS[text] : undefined;
}
