import { type Predicate, PredicateError, parsePredicate } from './predicate.js';
import type { Flow, FlowStep, NextBranch } from './types.js';
import { tellUnknownKeys } from './unknown-keys.js';
import { isMapValue, type YamlMap, type YamlReader } from './yaml.js';

const FLOW_KEYS = ['name', 'translation', 'description', 'if', 'nlu_trigger', 'persisted_slots', 'instead_of', 'steps'];
const RASA_FLOW_KEYS = ['id', 'always_include_in_prompt', 'run_pattern_completed', 'file_path', 'metadata'];
const EVERY_STEP_KEYS = ['id', 'next'];
const STEP_KEYS: Readonly<Record<string, readonly string[]>> = {
  collect: ['utter', 'ask_before_filling', 'force_slot_filling', 'reset_after_flow_ends', 'rejections', 'silence'],
  action: [],
  set_slots: [],
  link: [],
  call: [],
  noop: [],
};
const RASA_STEP_KEYS = ['description', 'metadata', 'silence_timeout', 'exit_if', 'mapping', 'user_input'];

/** `flows:` of one file, in the form Rasa's flows have. */
export function readFlows(reader: YamlReader, root: YamlMap): Flow[] {
  const flows = root.flows;
  if (flows === undefined || flows === null) return [];
  if (!isMapValue(flows)) {
    reader.wrong(
      root,
      'flows',
      '"flows" must hold names with their definitions',
      'Write "order_status:" and indent what belongs to it.',
    );
    return [];
  }
  return Object.entries(flows).flatMap(([id, body]) => {
    const flow = new FlowReader(reader, id).read(body, flows);
    return flow === undefined ? [] : [flow];
  });
}

interface Draft {
  readonly id: string;
  readonly map: YamlMap;
  /** Where it goes on when it names no next step. */
  after: string | undefined;
}

class FlowReader {
  readonly #reader: YamlReader;
  readonly #flow: string;
  readonly #drafts: Draft[] = [];
  readonly #steps = new Map<string, FlowStep>();

  constructor(reader: YamlReader, flow: string) {
    this.#reader = reader;
    this.#flow = flow;
  }

  read(body: unknown, flows: YamlMap): Flow | undefined {
    if (!isMapValue(body) || !Array.isArray(body.steps) || body.steps.length === 0) {
      this.#reader.wrong(
        flows,
        this.#flow,
        `flow "${this.#flow}" has no steps`,
        'Add "steps:" with "- collect: …" or "- action: …".',
      );
      return undefined;
    }
    this.#tellKeys(body);
    const first = this.#gather(body.steps, undefined);
    for (const draft of this.#drafts) this.#step(draft);
    this.#checkTargets();
    if (first === undefined) return undefined;
    return {
      id: this.#flow,
      name: typeof body.name === 'string' ? body.name : this.#flow,
      names: this.#names(body),
      description: typeof body.description === 'string' ? body.description : '',
      guard: body.if === undefined ? undefined : this.#predicate(body, 'if'),
      triggers: this.#triggers(body),
      persistedSlots: Array.isArray(body.persisted_slots) ? body.persisted_slots.map(String) : [],
      insteadOf: Array.isArray(body.instead_of) ? body.instead_of.map(String) : [],
      first,
      steps: this.#steps,
      ...this.#reader.place(flows, this.#flow),
    };
  }

  #tellKeys(body: YamlMap): void {
    tellUnknownKeys(this.#reader, body, `flow "${this.#flow}"`, FLOW_KEYS, RASA_FLOW_KEYS);
  }

  /** `translation: {en: {name: Return}}`, as Rasa has it, or the name alone. */
  #names(body: YamlMap): ReadonlyMap<string, string> {
    const names = new Map<string, string>();
    if (body.translation === undefined) return names;
    const entries = isMapValue(body.translation) ? Object.entries(body.translation) : [];
    for (const [language, words] of entries) {
      const name = isMapValue(words) ? words.name : words;
      if (typeof name === 'string') names.set(language, name);
    }
    if (names.size === 0 || names.size < entries.length)
      this.#reader.warn(
        body,
        'translation',
        `a translation of flow "${this.#flow}" has no name`,
        'Write "translation: {en: {name: Return}}".',
      );
    return names;
  }

  #tellStepKeys(map: YamlMap): void {
    const kind = Object.keys(STEP_KEYS).find((key) => map[key] !== undefined);
    const known = [...(kind === undefined ? [] : [kind]), ...(STEP_KEYS[kind ?? ''] ?? []), ...EVERY_STEP_KEYS];
    tellUnknownKeys(this.#reader, map, `this step of flow "${this.#flow}"`, known, RASA_STEP_KEYS);
  }

  /** Gives each step of a list an id and the step after it; nested lists of branches too. Returns the first one's id. */
  #gather(list: readonly unknown[], after: string | undefined): string | undefined {
    const here: Draft[] = [];
    for (const [index, item] of list.entries()) {
      if (!isMapValue(item)) {
        this.#reader.wrong(
          list,
          index,
          'a step of a flow is a mapping',
          'Write "- collect: slot", "- action: name", ….',
        );
        continue;
      }
      const id = typeof item.id === 'string' ? item.id : `${this.#drafts.length}`;
      if (this.#drafts.some((draft) => draft.id === id)) {
        this.#reader.wrong(
          item,
          'id',
          `the step id "${id}" is used twice in flow "${this.#flow}"`,
          'Give each step its own id.',
        );
        continue;
      }
      const draft: Draft = { id, map: item, after };
      this.#drafts.push(draft);
      here.push(draft);
    }
    here.forEach((draft, index) => {
      const following = here[index + 1];
      if (following !== undefined) draft.after = following.id;
    });
    return here[0]?.id;
  }

  #step(draft: Draft): void {
    const { id, map } = draft;
    const next = this.#next(map, draft.after);
    const base = { id, next, ...this.#reader.place(map) };
    if (Object.keys(STEP_KEYS).some((key) => map[key] !== undefined) || map.next !== undefined) this.#tellStepKeys(map);
    if (typeof map.collect === 'string') {
      this.#steps.set(id, {
        ...base,
        kind: 'collect',
        slot: map.collect,
        utter: typeof map.utter === 'string' ? map.utter : undefined,
        askBeforeFilling: map.ask_before_filling === true,
        forceFilling: map.force_slot_filling === true,
        resetAfterFlowEnds: map.reset_after_flow_ends !== false,
        rejections: this.#rejections(map),
        silence: typeof map.silence === 'string' ? map.silence : undefined,
      });
    } else if (typeof map.action === 'string') this.#steps.set(id, { ...base, kind: 'action', action: map.action });
    else if (map.set_slots !== undefined) this.#steps.set(id, { ...base, kind: 'set_slots', slots: this.#slots(map) });
    else if (typeof map.link === 'string') this.#steps.set(id, { ...base, kind: 'link', flow: map.link });
    else if (typeof map.call === 'string') this.#steps.set(id, { ...base, kind: 'call', flow: map.call });
    else if (map.noop !== undefined || map.next !== undefined) this.#steps.set(id, { ...base, kind: 'noop' });
    else {
      this.#reader.wrong(
        map,
        undefined,
        `this step (${Object.keys(map).join(', ')}) is not known`,
        'Use collect, action, set_slots, link, call or noop.',
      );
    }
  }

  #next(map: YamlMap, after: string | undefined): NextBranch[] {
    const next = map.next;
    if (next === undefined || next === null) return [{ when: undefined, label: '', to: after }];
    if (typeof next === 'string' || typeof next === 'number') {
      return [{ when: undefined, label: '', to: String(next) === 'END' ? undefined : String(next) }];
    }
    if (!Array.isArray(next)) {
      this.#reader.wrong(
        map,
        'next',
        '"next" must be a step id, END or a list of branches',
        'Write "- if: …", "then: …" and "- else: …".',
      );
      return [];
    }
    const branches: NextBranch[] = [];
    for (const [index, item] of next.entries()) {
      if (!isMapValue(item) || (item.if === undefined && item.else === undefined)) {
        this.#reader.wrong(
          next,
          index,
          'a branch has neither "if" nor "else"',
          'Write "- if: slots.x" with "then: …", last "- else: …".',
        );
        continue;
      }
      const isElse = item.if === undefined;
      tellUnknownKeys(this.#reader, item, 'this branch', isElse ? ['else'] : ['if', 'then']);
      const target = isElse ? item.else : item.then;
      const to = Array.isArray(target) ? this.#nested(target, after) : target === undefined ? after : String(target);
      const when = isElse ? undefined : this.#predicate(item, 'if');
      if (!isElse && when === undefined) continue;
      branches.push({ when, label: isElse ? 'else' : String(item.if), to: to === 'END' ? undefined : to });
    }
    if (!branches.some((branch) => branch.when === undefined)) {
      this.#reader.warn(
        map,
        'next',
        'there is no "else" branch',
        'When no condition holds the flow ends here. Add "- else: END" to say so.',
      );
      branches.push({ when: undefined, label: 'else', to: undefined });
    }
    return branches;
  }

  #nested(list: readonly unknown[], after: string | undefined): string | undefined {
    // They join the list that `read` walks through, so they are read like all others. The last goes on behind the step that branches.
    return this.#gather(list, after);
  }

  #rejections(map: YamlMap): { when: Predicate; utter: string }[] {
    const list = map.rejections;
    if (!Array.isArray(list)) return [];
    return list.filter(isMapValue).flatMap((item) => {
      const when = this.#predicate(item, 'if');
      if (when === undefined || typeof item.utter !== 'string') {
        this.#reader.wrong(
          item,
          undefined,
          'a rejection needs "if" and "utter"',
          'Write "if: slots.x < 1" and "utter: utter_too_small".',
        );
        return [];
      }
      return [{ when, utter: item.utter }];
    });
  }

  #slots(map: YamlMap): { name: string; value: unknown }[] {
    const list = Array.isArray(map.set_slots) ? map.set_slots : [map.set_slots];
    return list.filter(isMapValue).flatMap((item) => Object.entries(item).map(([name, value]) => ({ name, value })));
  }

  #triggers(body: YamlMap): { intent: string; confidence: number }[] {
    const list = body.nlu_trigger;
    if (!Array.isArray(list)) return [];
    return list.filter(isMapValue).flatMap((item) => {
      const intent = item.intent;
      if (typeof intent === 'string') return [{ intent, confidence: 0 }];
      if (isMapValue(intent) && typeof intent.name === 'string') {
        return [
          {
            intent: intent.name,
            confidence: typeof intent.confidence_threshold === 'number' ? intent.confidence_threshold : 0,
          },
        ];
      }
      this.#reader.wrong(item, undefined, 'a trigger names no intent', 'Write "- intent: order_status".');
      return [];
    });
  }

  #predicate(map: YamlMap, key: string): Predicate | undefined {
    const source = map[key];
    try {
      return parsePredicate(typeof source === 'boolean' ? String(source) : String(source ?? ''));
    } catch (error) {
      if (!(error instanceof PredicateError)) throw error;
      this.#reader.wrong(
        map,
        key,
        `the condition "${String(source)}" can't be read: ${error.message}`,
        'Example: slots.amount > 100 and not slots.member.',
      );
      return undefined;
    }
  }

  #checkTargets(): void {
    for (const step of this.#steps.values()) {
      for (const branch of step.next) {
        if (branch.to === undefined || this.#steps.has(branch.to)) continue;
        this.#reader.error(
          step.file,
          step.line,
          `flow "${this.#flow}" has no step "${branch.to}"`,
          'Name the id of one of its steps, or END.',
        );
      }
    }
  }
}
