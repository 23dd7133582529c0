import { FALLBACK_INTENT, type IntentModel } from '../nlu/intent-model.js';
import type { Application } from './app/types.js';
import type { Expectation, PartialReading } from './brain.js';
import { isDangling } from './dangling.js';
import { longestDigitRun } from './digits.js';
import { coerce, isDigitSlot } from './turn/slots.js';

/** An intent at least this sure ends the turn early on a partial text; lower than that the caller may well go on. */
const SURE = 0.6;

/** Would this partial text be a whole answer? See `Brain.peek`. */
export async function peekAt(
  application: Application,
  model: IntentModel,
  expectation: Expectation,
  language: string,
  text: string,
): Promise<PartialReading> {
  const trimmed = text.trim();
  if (trimmed === '') return { complete: false, openNumber: false };
  const slot = expectation.slot === undefined ? undefined : application.domain.slots.get(expectation.slot);
  const run = longestDigitRun(trimmed);
  if (slot !== undefined && isDigitSlot(slot) && run !== undefined) {
    const longest = slot.voice.lengths.at(-1);
    const fits = coerce(slot, run.digits) !== undefined;
    // Lengths 4 and 8: after four digits four more may come, so it is not over yet.
    const mayGrow = run.atEnd && (longest === undefined || run.digits.length < longest);
    // "等一下" has a digit in it and is no number.
    const isNumber = fits || (run.atEnd && (expectation.type !== 'confirm' || run.digits.length > 1));
    if (isNumber) return { complete: fits, openNumber: mayGrow };
  }
  if (isDangling(trimmed, expectation.type === 'confirm' || slot?.type === 'bool')) {
    return { complete: false, openNumber: false, dangling: true };
  }
  const parse = await model.parse(trimmed, {
    language,
    timeZone: application.timeZone,
    ...(slot === undefined ? {} : { expectedSlot: slot.voice.type }),
  });
  const { name, confidence } = parse.intent;
  const sure = name !== FALLBACK_INTENT && confidence >= Math.max(SURE, application.thresholds.nlu);
  if (slot === undefined)
    return {
      complete: sure && !(run?.atEnd ?? false),
      openNumber: (run?.atEnd ?? false) && (run?.digits.length ?? 0) >= 2,
    };
  if (expectation.type === 'confirm' || slot.type === 'bool')
    return {
      complete: sure && (name === 'affirm' || name === 'deny' || startsSomething(application, name)),
      openNumber: false,
    };
  const filled = parse.entities.some(
    (entity) =>
      slot.mappings.some((mapping) => mapping.type === 'from_entity' && mapping.entity === entity.entity) &&
      coerce(slot, entity.value) !== undefined,
  );
  return { complete: filled || (sure && startsSomething(application, name)), openNumber: false };
}

/** A wish of its own ("a person, please") in place of the answer. */
function startsSomething(application: Application, intent: string): boolean {
  if (application.rules.some((rule) => rule.steps[0]?.kind === 'user' && rule.steps[0].intent === intent)) return true;
  for (const flow of application.flows.values())
    if (flow.triggers.some((trigger) => trigger.intent === intent)) return true;
  return false;
}
