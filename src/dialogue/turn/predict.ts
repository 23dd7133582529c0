import { runAction } from './act.js';
import type { TurnContext } from './context.js';

/**
 * Asks rules, then stories, what comes next, and does it, until they say "listen" or nothing. True when at least one of them had something to
 * say.
 */
export async function predictLoop(ctx: TurnContext): Promise<boolean> {
  let handled = false;
  let last = '';
  while (!ctx.ended && ctx.step()) {
    const depth = ctx.state.stack.length;
    const prediction = ctx.deps.index.fromRules(ctx.state, ctx.start) ?? ctx.deps.index.fromStories(ctx.state);
    if (prediction === undefined) return handled;
    handled = true;
    if (prediction.action === 'action_listen') {
      // A story that waits for the caller has put a question of its own; the form's comes when the story goes back to the form.
      if (prediction.policy === 'story' && last !== '' && !ctx.application.domain.forms.has(last)) ctx.asked = true;
      return true;
    }
    last = prediction.action;
    await runAction(ctx, prediction.action, prediction.policy);
    // A form or flow was begun: it goes on from here.
    if (ctx.state.stack.length > depth) return true;
  }
  return handled;
}
