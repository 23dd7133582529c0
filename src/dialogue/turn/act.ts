import { Outdated } from '../../store/session-store.js';
import type { ActionResult } from '../actions/api.js';
import { EffectNeeded, FAILURE } from '../actions/runner.js';
import { fitted } from '../app/slot-values.js';
import { applyResult } from './action-result.js';
import { builtIn } from './built-in.js';
import type { TurnContext } from './context.js';
import { linkTo, startForm } from './frames.js';
import { withPatience } from './patience.js';

/** Follow-ups that follow each other at most. */
const MAX_FOLLOW_UPS = 10;

/** Does one action by its name: a response, a form, a flow, a built-in one, or the application's own code. */
export async function runAction(ctx: TurnContext, name: string, policy: string): Promise<void> {
  let next: string | undefined = name;
  for (let count = 0; next !== undefined && count < MAX_FOLLOW_UPS && !ctx.ended; count++)
    next = await runOne(ctx, next, policy);
}

async function runOne(ctx: TurnContext, name: string, policy: string): Promise<string | undefined> {
  const { domain, flows } = ctx.application;
  if (domain.forms.has(name)) {
    startForm(ctx, name);
    return undefined;
  }
  // What only reads slots out of a message is no step of the conversation.
  if (policy !== 'extract') ctx.emit({ event: 'action', name, policy });
  if (name.startsWith('utter_')) {
    ctx.say(name);
    return undefined;
  }
  if (flows.has(name)) {
    linkTo(ctx, name);
    return undefined;
  }
  const own = builtIn(name);
  // Rasa lets an application replace a built-in action by listing it.
  if (own !== undefined && !domain.actions.has(name)) {
    await own(ctx, policy);
    return undefined;
  }
  return custom(ctx, name, policy);
}

async function custom(ctx: TurnContext, name: string, policy: string): Promise<string | undefined> {
  const work = ctx.deps.runAction(
    name,
    {
      conversationId: ctx.tracker.conversationId,
      turn: ctx.state.turn,
      language: ctx.state.language,
      channel: ctx.state.channel,
      sender: ctx.state.sender,
      slots: ctx.state.slots,
      latest: {
        text: ctx.parse?.text ?? '',
        intent: ctx.parse?.intent.name ?? '',
        confidence: ctx.parse?.intent.confidence ?? 0,
        entities: (ctx.parse?.entities ?? []).map(({ entity, value }) => ({ entity, value })),
      },
      summary: ctx.summary(''),
      activeLoop: ctx.loop,
      nowMs: ctx.nowMs,
      endpoints: ctx.application.endpoints.all,
    },
    () => [...ctx.tracker.events, ...ctx.events],
    ctx.mode,
  );
  try {
    const result = await withPatience(work, {
      ...ctx.deps.waitOf(name),
      say: (response) => ctx.sayMeanwhile(response),
      clock: ctx.deps.clock,
    });
    if (result[FAILURE] !== undefined && ctx.mode.rehearsal !== true)
      ctx.deps.onActionError(name, result[FAILURE], 'as the application says');
    if (policy === 'extract') noteRead(ctx, result);
    const next = applyResult(ctx, name, result);
    if (result.handOff !== undefined) abandon(ctx);
    return next;
  } catch (error) {
    if (error instanceof EffectNeeded || error instanceof Outdated) throw error;
    // Nobody is there any more to be told.
    if (ctx.gone) return undefined;
    // The caller must not pay for a broken back end with silence: say so, and let a person take over.
    ctx.deps.onActionError(name, error);
    ctx.sayFirst(['utter_action_failed', 'utter_default']);
    ctx.handOff(`action_failed: ${name}`);
    abandon(ctx);
    return undefined;
  }
}

/** A turn that goes round and round ends with words and a person: on the phone the alternative is silence. */
export function giveUpStuck(ctx: TurnContext): void {
  if (ctx.stuck === undefined || ctx.ended) return;
  ctx.deps.onStuck(ctx.tracker.conversationId, ctx.stuck);
  ctx.sayFirst(['utter_action_failed', 'utter_default']);
  ctx.handOff(`stuck: ${ctx.stuck.flow ?? ctx.stuck.form ?? ctx.stuck.action ?? 'rules'}`);
  abandon(ctx);
}

/** What built on the action is given up: should no person take over, it must not go on as if it had been done. */
function abandon(ctx: TurnContext): void {
  for (let frame = ctx.top; frame?.kind === 'flow'; frame = frame.called ? ctx.top : undefined) {
    ctx.pop();
    ctx.emit({ event: 'flow_cancelled', flow: frame.flow });
  }
}

/** What was read out of a message is said with it, as what entities and intents fill is. */
function noteRead(ctx: TurnContext, { slots = {} }: ActionResult): void {
  for (const [name, given] of Object.entries(slots)) {
    const slot = ctx.application.domain.slots.get(name);
    const value = slot === undefined ? given : fitted(slot, given ?? null);
    if (value === undefined) continue;
    ctx.read.set(name, value);
    if (value !== null) ctx.setNow.add(name);
  }
}
