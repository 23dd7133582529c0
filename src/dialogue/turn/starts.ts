import type { TurnContext } from './context.js';

/** What an intent begins. */

export function startsSomething(ctx: TurnContext, intent: string, confidence: number): boolean {
  return ctx.deps.index.knows(intent) || flowFor(ctx, intent, confidence) !== undefined;
}

export function flowFor(ctx: TurnContext, intent: string, confidence: number): string | undefined {
  for (const flow of ctx.application.flows.values()) {
    if (!flow.triggers.some((trigger) => trigger.intent === intent && confidence >= trigger.confidence)) continue;
    const { slots, channel, language } = ctx.state;
    if (flow.guard?.test({ slots, context: { channel, language } }) === false) continue;
    return flow.id;
  }
  return undefined;
}
