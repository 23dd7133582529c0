/** What visitors are told around a take-over, in their language. */

export interface DeskWords {
  readonly queued: (ahead: number) => string;
  readonly joined: (name: string) => string;
  readonly handedBack: string;
  readonly ended: string;
  readonly again: string;
}

const CHINESE: DeskWords = {
  queued: (ahead) =>
    ahead === 0 ? '正在为您接通人工客服，请稍候。' : `正在为您接通人工客服，前面还有${ahead}位，请稍候。`,
  joined: (name) => `客服${name}已加入对话。`,
  handedBack: '人工客服已离开，接下来由智能助手继续为您服务。',
  ended: '人工服务已结束。还有问题的话，可以继续告诉我。',
  again: '客服的连接断开了，正在为您接通另一位客服，请稍候。',
};
const ENGLISH: DeskWords = {
  queued: (ahead) =>
    ahead === 0
      ? 'Getting somebody for you, one moment please.'
      : `Getting somebody for you. There ${ahead === 1 ? 'is one person' : `are ${ahead} people`} before you.`,
  joined: (name) => `${name} has joined the conversation.`,
  handedBack: 'Our colleague has left; I go on from here.',
  ended: 'The conversation with our colleague is over. If there is anything else, just tell me.',
  again: 'Our colleague’s line broke; getting you somebody else, one moment please.',
};

export function deskWords(language: string): DeskWords {
  return language.toLowerCase().startsWith('zh') || language === '' ? CHINESE : ENGLISH;
}
