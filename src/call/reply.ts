import type { BotAction, TurnResult, UserInput } from '../dialogue/brain.js';
import { OPEN_QUESTION, type TurnEvent } from './turn/state.js';

type SayAction = Extract<BotAction, { type: 'say' }>;

/** What a reply says, in order. */
export function saysOf(result: TurnResult | undefined): readonly SayAction[] {
  return (result?.actions ?? []).filter((action): action is SayAction => action.type === 'say');
}

/** What turn-taking needs to know of a reply. */
export function replyFacts(
  result: TurnResult,
): Pick<Extract<TurnEvent, { type: 'reply' }>, 'bargeIn' | 'next' | 'expectation' | 'noMatch'> {
  const says = saysOf(result);
  const expect = result.actions.findLast((action) => action.type === 'expect');
  const ends = result.actions.find((action) => action.type === 'transfer' || action.type === 'hangup');
  return {
    bargeIn: says.length === 0 ? undefined : says.every((say) => say.bargeIn),
    next: ends?.type === 'transfer' ? 'transfer' : ends?.type === 'hangup' ? 'hangup' : 'listen',
    expectation: expect?.type === 'expect' ? expect.expectation : OPEN_QUESTION,
    noMatch: result.noMatch,
  };
}

/** The first words of a call as the number that was dialled wants them, in place of the application's; what follows them stays. */
export function greeted(result: TurnResult, input: UserInput | undefined, greeting: string | undefined): TurnResult {
  if (greeting === undefined || input?.type !== 'event' || input.name !== 'start') return result;
  const at = result.actions.findIndex((action) => action.type === 'say');
  const say: BotAction = { type: 'say', text: greeting, speech: greeting, bargeIn: true };
  return { ...result, actions: [...result.actions.slice(0, Math.max(0, at)), say, ...result.actions.slice(at + 1)] };
}
