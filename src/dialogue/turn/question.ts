import type { Application, FlowStep, SlotDefinition } from '../app/types.js';
import type { Expectation } from '../brain.js';
import type { Frame, Pending } from '../tracker/events.js';
import { OPEN_QUESTION, type TrackerState } from '../tracker/tracker.js';
import { isDigitSlot } from './slots.js';

/** The question that is open: what the next answer is taken for. */
export interface Question {
  readonly slot: SlotDefinition;
  /** The read-back that waits for yes or no. */
  readonly pending: Pending | undefined;
  /** Responses that ask it, the first that exists is said. */
  readonly asks: readonly string[];
  readonly step: Extract<FlowStep, { kind: 'collect' }> | undefined;
}

export function questionOf(application: Application, frame: Frame | undefined): Question | undefined {
  if (frame === undefined || frame.kind === 'two_stage') return undefined;
  if (frame.kind === 'form') {
    const slot = frame.slot === undefined ? undefined : application.domain.slots.get(frame.slot);
    if (slot === undefined) return undefined;
    return {
      slot,
      pending: frame.pending,
      asks: [`utter_ask_${frame.form}_${slot.name}`, `utter_ask_${slot.name}`],
      step: undefined,
    };
  }
  const step = application.flows.get(frame.flow)?.steps.get(frame.step);
  if (step?.kind !== 'collect') return undefined;
  const slot = application.domain.slots.get(step.slot);
  if (slot === undefined) return undefined;
  return {
    slot,
    pending: frame.pending,
    asks: step.utter === undefined ? [`utter_ask_${slot.name}`] : [step.utter],
    step,
  };
}

/** What the channels are told about the next answer. */
export function expectationOf(application: Application, state: TrackerState): Expectation {
  const frame = state.stack.at(-1);
  if (frame?.kind === 'two_stage')
    return frame.stage === 'rephrase' ? OPEN_QUESTION : { type: 'confirm', maxLength: 1 };
  const question = questionOf(application, frame);
  if (question === undefined)
    return state.offered.length > 0 ? { type: 'open', minLength: 1, maxLength: 1 } : OPEN_QUESTION;
  const { slot, pending } = question;
  if (pending !== undefined) return { slot: slot.name, type: 'confirm', maxLength: 1 };
  if (slot.type === 'bool') return { slot: slot.name, type: 'confirm', maxLength: 1 };
  if (!isDigitSlot(slot)) return { slot: slot.name, type: slot.voice.type };
  const shortest = slot.voice.lengths[0];
  const longest = slot.voice.lengths.at(-1);
  return {
    slot: slot.name,
    type: slot.voice.type,
    ...(shortest === undefined ? {} : { minLength: shortest }),
    ...(longest === undefined ? {} : { maxLength: longest }),
  };
}
