import type { UiLanguage } from '../../shared/language.js';
import type { Notice } from './model.js';

/** Everything the widget says in its own name. */
export interface Words {
  readonly heading: string;
  readonly open: string;
  readonly close: string;
  readonly hello: string;
  readonly helloTextOnly: string;
  readonly talk: string;
  readonly talkAgain: string;
  readonly hangUp: string;
  readonly mute: string;
  readonly unmute: string;
  readonly keypad: string;
  readonly person: string;
  readonly personWords: string;
  readonly otherLanguage: string;
  readonly otherLanguageName: string;
  readonly otherLanguageWords: string;
  readonly typeHere: string;
  readonly send: string;
  readonly transcript: string;
  readonly choices: string;
  readonly you: string;
  readonly bot: string;
  readonly notHeard: string;
  readonly dismiss: string;
  readonly goOn: string;
  readonly handover: string;
  readonly callNumber: string;
  readonly states: Readonly<
    Record<
      | 'ready'
      | 'connecting'
      | 'reconnecting'
      | 'listening'
      | 'muted'
      | 'thinking'
      | 'speaking'
      | 'transferring'
      | 'textOnly',
      string
    >
  >;
  readonly notices: Readonly<Record<Notice, string>>;
}

const zh: Words = {
  heading: '语音助手',
  open: '打开语音助手',
  close: '收起',
  hello: '您好！按下按钮直接说，或者在下面打字。',
  helloTextOnly: '您好！请在下面打字，我马上回复。',
  talk: '开始通话',
  talkAgain: '再次通话',
  hangUp: '挂断',
  mute: '静音',
  unmute: '取消静音',
  keypad: '拨号键盘',
  person: '转人工',
  personWords: '转人工',
  otherLanguage: 'English',
  otherLanguageName: 'Switch to English',
  otherLanguageWords: 'Please speak English',
  typeHere: '输入消息',
  send: '发送',
  transcript: '对话内容',
  choices: '选项',
  you: '您',
  bot: '助手',
  notHeard: '（未播放）',
  dismiss: '知道了',
  goOn: '点这里继续通话',
  handover: '正在为您联系人工客服',
  callNumber: '拨打',
  states: {
    ready: '可以说话，也可以打字',
    connecting: '正在接通…',
    reconnecting: '连接断了，正在恢复…',
    listening: '请讲，我在听',
    muted: '已静音，我听不到您',
    thinking: '正在处理…',
    speaking: '正在回答，可随时打断',
    transferring: '正在转接人工…',
    textOnly: '文字对话',
  },
  notices: {
    insecure: '此页面不是安全连接（HTTPS），浏览器不允许使用麦克风。您可以打字。',
    refused: '麦克风权限被拒绝。要说话，请点地址栏旁的图标允许麦克风；也可以直接打字。',
    missing: '没有找到麦克风。接上后再试，或者直接打字。',
    inUse: '麦克风正被其他程序占用。关闭那个程序后再试，或者直接打字。',
    busy: '现在忙不过来。请稍后再试，也可以打字。',
    unsupported: '这个浏览器不支持语音通话。您可以打字。',
    closed: '这个网站暂时不能使用语音助手。',
    away: '暂时连不上服务，正在重试。',
    lost: '通话断了。您可以再次接通，刚才的内容都还在。',
    taken: '通话已转到另一个标签页。',
    unanswered: '这条消息没有得到回复，请再发一次。',
    microphoneLost: '麦克风断开了。接好后请重新通话，或者直接打字。',
    clickToGoOn: '通话还在继续。',
    handedOver: '已为您转接人工客服。',
  },
};

const en: Words = {
  heading: 'Voice assistant',
  open: 'Open the voice assistant',
  close: 'Minimise',
  hello: 'Hello! Press the button and speak, or type below.',
  helloTextOnly: 'Hello! Type below and I will answer.',
  talk: 'Talk',
  talkAgain: 'Talk again',
  hangUp: 'Hang up',
  mute: 'Mute',
  unmute: 'Unmute',
  keypad: 'Keypad',
  person: 'Speak to a person',
  personWords: 'I want to speak to a person',
  otherLanguage: '中文',
  otherLanguageName: '切换到中文',
  otherLanguageWords: '请说中文',
  typeHere: 'Type a message',
  send: 'Send',
  transcript: 'Conversation',
  choices: 'Choices',
  you: 'You',
  bot: 'Assistant',
  notHeard: '(not played)',
  dismiss: 'Dismiss',
  goOn: 'Continue the call',
  handover: 'We are getting a person for you',
  callNumber: 'Call',
  states: {
    ready: 'Speak or type',
    connecting: 'Connecting…',
    reconnecting: 'Connection lost, coming back…',
    listening: 'Go ahead, I am listening',
    muted: 'Muted: I can’t hear you',
    thinking: 'One moment…',
    speaking: 'Speaking: just interrupt me',
    transferring: 'Connecting you to a person…',
    textOnly: 'Text chat',
  },
  notices: {
    insecure: 'This page has no secure connection (HTTPS), so the browser keeps the microphone off. You can type.',
    refused: 'The microphone was not allowed. To speak, allow it beside the address bar; or just type.',
    missing: 'No microphone was found. Plug one in and try again, or just type.',
    inUse: 'Another program uses the microphone. Close it and try again, or just type.',
    busy: 'All lines are in use right now. Try again in a moment, or type.',
    unsupported: 'This browser can’t do voice calls. You can type.',
    closed: 'The assistant is not available on this site.',
    away: 'The service can’t be reached. Trying again.',
    lost: 'The call was cut off. Talk again: everything said so far is kept.',
    taken: 'The call goes on in another tab.',
    unanswered: 'That message got no answer. Please send it again.',
    microphoneLost: 'The microphone was disconnected. Plug it in and talk again, or type.',
    clickToGoOn: 'Your call is still up.',
    handedOver: 'You have been handed over to a person.',
  },
};

export const WORDS: Readonly<Record<UiLanguage, Words>> = { 'zh-CN': zh, en };
