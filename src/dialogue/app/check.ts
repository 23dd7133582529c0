import { BUILT_IN_ACTIONS } from '../actions/built-in-names.js';
import { placeholdersOf } from '../actions/ready/template.js';
import { CONSENT_SLOT } from '../profile/profiles.js';
import { DEFAULT_RESPONSES } from '../responses/defaults.js';
import { checkLanguages } from './check-languages.js';
import { checkMapping } from './check-mappings.js';
import { checkResponses, checkSent } from './check-placeholders.js';
import { checkRules } from './check-rules.js';
import { checkFlowValues, checkSlotKinds } from './check-values.js';
import { hasIntent } from './known-intents.js';
import type { ReadyAction } from './ready-actions.js';
import { BUILT_IN_SLOTS } from './slot-values.js';
import type { Application, FlowStep, Step } from './types.js';
import type { YamlReader } from './yaml.js';

/** Names that point nowhere: told with the place that uses them. */
export function checkReferences(
  application: Application,
  reader: YamlReader,
  declaredLanguages: readonly string[],
): void {
  const check = new Checker(application, reader);
  for (const rule of application.rules) check.steps([...rule.conditions, ...rule.steps]);
  // Stories may be written end to end.
  for (const story of application.stories) check.steps(story.steps, true);
  for (const flow of application.flows.values()) {
    for (const step of flow.steps.values()) check.flowStep(step);
    checkFlowValues(application, reader, flow);
    for (const trigger of flow.triggers) check.intent(trigger.intent, flow.file, flow.line);
    for (const slot of flow.persistedSlots) check.slot(slot, flow.file, flow.line);
    for (const other of flow.insteadOf)
      if (!application.flows.has(other))
        reader.error(
          flow.file,
          flow.line,
          `there is no flow "${other}"`,
          'Name flows of this application in "instead_of".',
        );
    if (application.domain.forms.has(flow.id))
      reader.error(flow.file, flow.line, `"${flow.id}" is a flow and a form`, 'Rename one of them.');
  }
  for (const action of application.readyActions.values()) {
    check.readyAction(action);
    checkSent(application, reader, action);
  }
  for (const form of application.domain.forms.values()) {
    for (const slot of form.requiredSlots) {
      check.slot(slot, form.file, form.line);
      check.question(slot, form.name, form.file, form.line);
    }
  }
  for (const slot of application.domain.slots.values()) {
    checkSlotKinds(application, reader, slot);
    for (const mapping of slot.mappings) {
      checkMapping(application, reader, slot, mapping);
      if (mapping.type === 'from_entity' && !application.domain.entities.has(mapping.entity)) {
        reader.warning(
          slot.file,
          slot.line,
          `slot "${slot.name}" is filled from the entity "${mapping.entity}", which the domain does not list`,
          'Add it to "entities:".',
        );
      }
    }
    if (slot.profile && application.domain.slots.get(CONSENT_SLOT)?.type !== 'bool') {
      reader.error(
        slot.file,
        slot.line,
        `slot "${slot.name}" is kept beyond the conversation, and nothing asks whether it may`,
        `Add the slot "${CONSENT_SLOT}" of type bool, and collect it before the end.`,
      );
    }
    for (const other of slot.dependsOn) check.slot(other, slot.file, slot.line);
  }
  checkRules(application, reader);
  checkResponses(application, reader, check.said);
  checkLanguages(application, reader, declaredLanguages);
}

class Checker {
  /** Responses that are said as they are written, with nothing but slots to fill them. */
  readonly said = new Set<string>();
  readonly #application: Application;
  readonly #reader: YamlReader;

  constructor(application: Application, reader: YamlReader) {
    this.#application = application;
    this.#reader = reader;
  }

  steps(steps: readonly Step[], quoted = false): void {
    for (const step of steps) {
      if (step.kind === 'user' && step.intent === '' && !quoted) {
        this.#reader.error(
          step.file,
          step.line,
          'this step quotes the words of a caller, and rules go by intents',
          'Write "- intent: …", and put the words among its examples.',
        );
      }
      if (step.kind === 'user' && step.intent !== '') this.intent(step.intent, step.file, step.line);
      if (step.kind === 'action' && step.says !== undefined && !quoted) {
        this.#reader.error(
          step.file,
          step.line,
          'this step quotes the words of the bot, and rules go by actions',
          'Write "- action: utter_…", and put the words among the responses.',
        );
      }
      if (step.kind === 'action' && step.says === undefined) this.action(step.action, step.file, step.line);
      if (step.kind === 'slots')
        for (const name of [...Object.keys(step.slots), ...step.any]) this.slot(name, step.file, step.line);
      if (
        step.kind === 'loop' &&
        step.loop !== null &&
        step.loop !== 'action_two_stage_fallback' &&
        !this.#application.domain.forms.has(step.loop) &&
        !this.#application.flows.has(step.loop)
      ) {
        this.#reader.error(
          step.file,
          step.line,
          `there is no form or flow "${step.loop}"`,
          'Add it to "forms:" of the domain, or correct the name.',
        );
      }
    }
  }

  flowStep(step: FlowStep): void {
    if (step.kind === 'collect') {
      this.slot(step.slot, step.file, step.line);
      if (step.utter === undefined) this.question(step.slot, undefined, step.file, step.line);
      else this.action(step.utter, step.file, step.line);
      for (const rejection of step.rejections) this.action(rejection.utter, step.file, step.line);
      if (step.silence !== undefined) this.action(step.silence, step.file, step.line);
    }
    if (step.kind === 'action') this.action(step.action, step.file, step.line);
    if (step.kind === 'set_slots') for (const { name } of step.slots) this.slot(name, step.file, step.line);
    if ((step.kind === 'link' || step.kind === 'call') && !this.#application.flows.has(step.flow)) {
      this.#reader.error(step.file, step.line, `there is no flow "${step.flow}"`, 'Add it, or correct the name.');
    }
    for (const branch of step.next) for (const name of branch.when?.slots ?? []) this.slot(name, step.file, step.line);
  }

  readyAction(action: ReadyAction): void {
    const { file, line } = action;
    if (action.type === 'ticket' || action.type === 'call_back') {
      this.slot(action.set, file, line);
      for (const slot of action.slots ?? []) this.slot(slot, file, line);
    }
    if (action.type !== 'http') {
      for (const name of action.say) this.action(name, file, line);
      return;
    }
    if (action.wait.response !== undefined) this.action(action.wait.response, file, line);
    for (const answer of action.answers) {
      for (const slot of Object.keys(answer.slots)) this.slot(slot, file, line);
      for (const name of [...answer.say, ...(answer.next === undefined ? [] : [answer.next])])
        this.action(name, file, line);
    }
    for (const name of new Set(placeholdersOf([action.url, action.query, action.headers, action.body])))
      if (name.startsWith('endpoint.')) this.#endpoint(action, name.slice('endpoint.'.length));
  }

  #endpoint({ name, file, line }: ReadyAction, endpoint: string): void {
    if (typeof this.#application.endpoints.all[endpoint]?.url === 'string') return;
    this.#reader.error(
      file,
      line,
      `the action "${name}" asks the endpoint "${endpoint}", which has no url`,
      `Add "${endpoint}: {url: https://…}" to endpoints.yml.`,
    );
  }

  intent(name: string, file: string, line: number): void {
    if (hasIntent(this.#application.domain, name)) return;
    this.#reader.error(
      file,
      line,
      `there is no intent "${name}"`,
      'Add it to "intents:" of the domain, or correct the name.',
    );
  }

  slot(name: string, file: string, line: number): void {
    if (this.#application.domain.slots.has(name) || BUILT_IN_SLOTS.has(name)) return;
    this.#reader.error(
      file,
      line,
      `there is no slot "${name}"`,
      'Add it to "slots:" of the domain, or correct the name.',
    );
  }

  action(name: string, file: string, line: number): void {
    const { domain, flows } = this.#application;
    if (name.startsWith('utter_')) {
      this.said.add(name);
      const base = name.split('/')[0] ?? name;
      if (
        !domain.responses.has(name) &&
        !DEFAULT_RESPONSES.has(name) &&
        ![...domain.responses.keys()].some((key) => key === base || key.startsWith(`${base}/`))
      ) {
        this.#reader.error(
          file,
          line,
          `there is no response "${name}"`,
          'Add it to "responses:" of the domain, or correct the name.',
        );
      }
      return;
    }
    if (this.#application.readyActions.has(name)) return;
    if (BUILT_IN_ACTIONS.has(name) || domain.actions.has(name) || domain.forms.has(name) || flows.has(name)) return;
    this.#reader.error(
      file,
      line,
      `there is no action "${name}"`,
      'Add it to "actions:" of the domain (and write it), or correct the name.',
    );
  }

  /** On the phone a question that was not understood is asked in other words; slots with `voice:` are asked there. */
  rewording(slot: string, asks: readonly string[], file: string, line: number): void {
    const { responses, slots } = this.#application.domain;
    const ask = asks.find((name) => responses.has(name));
    const definition = ask === undefined ? undefined : responses.get(ask);
    if (definition === undefined || slots.get(slot)?.spoken !== true) return;
    const retries = asks.some((name) => responses.has(`${name}_retry_1`));
    const languages = new Set(definition.variations.map((variation) => variation.language));
    // Two variations in a language are other words already.
    if (retries || definition.variations.length >= languages.size * 2) return;
    this.#reader.warning(
      file,
      line,
      `"${slot}" is asked for in the same words when the answer was not understood`,
      `Add ${ask}_retry_1 (and _retry_2), or a second variation of ${ask}.`,
    );
  }

  question(slot: string, form: string | undefined, file: string, line: number): void {
    const { responses, actions } = this.#application.domain;
    const names = [...(form === undefined ? [] : [`utter_ask_${form}_${slot}`]), `utter_ask_${slot}`];
    const custom = [...(form === undefined ? [] : [`action_ask_${form}_${slot}`]), `action_ask_${slot}`];
    this.rewording(slot, names, file, line);
    if (custom.some((name) => actions.has(name))) return;
    for (const name of names) this.said.add(name);
    if (names.some((name) => responses.has(name) || DEFAULT_RESPONSES.has(name))) return;
    this.#reader.error(
      file,
      line,
      `nothing asks for the slot "${slot}"`,
      `Add the response ${names.at(-1)} to the domain.`,
    );
  }
}
