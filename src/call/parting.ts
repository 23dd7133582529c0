import type { TurnResult } from '../dialogue/brain.js';

/** Who has said goodbye adds nothing. */
const GOODBYE = /(?:再见|拜拜|\bbye|\bgoodbye)[\s。.!！]*$/iu;

/** Whether the line will be hung up on these words though the caller has not said goodbye: thanks may follow. */
export function isParting(text: string, { actions }: TurnResult): boolean {
  return actions.some(({ type }) => type === 'hangup') && !GOODBYE.test(text);
}
