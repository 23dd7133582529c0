/**
 * Beginnings that promise more: "我想…", "就是…", "where is my…". A classifier is sure of itself on half a sentence; somebody who has
 * just said one of these is not done.
 */
const BEGINNINGS = new Set(
  '嗯 呃 额 啊 那个 这个 就是 就是说 我 我想 我要 我想问 我想问一下 我想要 我的 请问 麻烦 麻烦你 帮我 能不能 可不可以 你们 你们的 想 要 查 查一下 我要查 我想查 转 转人 帮我转'.split(
    ' ',
  ),
);
const ZH_ENDINGS = /(?:那个|就是|然后|还有|因为|所以|如果|但是|我的|我想|我要|请问|和|跟)$/u;
const EN_ENDINGS =
  /(?:^|\s)(?:uh|um|er|hm|so|and|but|or|the|a|an|my|your|to|for|of|with|is|are|i|i'm|i am|i want|i would like|i'd like|i need|can you|could you|because|it|what|where|when|how)$/i;

/** Said alone, these answer a yes-or-no question. */
const ANSWERS = new Set(['嗯', '要', '想', '啊', 'um', 'er', 'hm']);

/** Whether the words so far ask to be continued. `confirm`: a yes or no is being asked for, where "嗯" is an answer. */
export function isDangling(text: string, confirm: boolean): boolean {
  const trimmed = text.trim().replace(/[。，,.!?！？\s]+$/u, '');
  if (confirm && ANSWERS.has(trimmed.toLowerCase())) return false;
  return BEGINNINGS.has(trimmed) || ZH_ENDINGS.test(trimmed) || EN_ENDINGS.test(trimmed);
}
