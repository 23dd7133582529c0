const NOISE = /[\s\p{P}\p{S}]+/gu;

function normalise(text: string): string {
  return text.toLowerCase().replace(NOISE, '');
}

/**
 * Whether all that was said is a sign of listening ("嗯", "好的", "uh-huh"), said once or several times over. Only asked while the bot
 * speaks: afterwards the same words are an answer.
 */
export function isBackchannel(text: string, backchannels: readonly string[]): boolean {
  const words = backchannels
    .map(normalise)
    .filter((word) => word !== '')
    .sort((left, right) => right.length - left.length);
  let rest = normalise(text);
  while (rest !== '') {
    const word = words.find((candidate) => rest.startsWith(candidate));
    if (word === undefined) return false;
    rest = rest.slice(word.length);
  }
  return true;
}
