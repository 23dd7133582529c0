import { runAction } from './act.js';
import type { TurnContext } from './context.js';

/**
 * Asks rules, then stories, what comes next, and does it, until they say "listen" or nothing. True when at least one of them had something to
 * say.
 */
export async function predictLoop(ctx: TurnContext): Promise<boolean> {
  let handled = false;
  while (!ctx.ended && ctx.step()) {
    const depth = ctx.state.stack.length;
    const prediction = ctx.deps.index.fromRules(ctx.state, ctx.start) ?? ctx.deps.index.fromStories(ctx.state);
    if (prediction === undefined) return handled;
    handled = true;
    if (prediction.action === 'action_listen') return true;
    await runAction(ctx, prediction.action, prediction.policy);
    // A form or flow was begun: it goes on from here.
    if (ctx.state.stack.length > depth) return true;
  }
  return handled;
}
