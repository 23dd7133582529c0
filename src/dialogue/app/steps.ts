import type { Rule, Step, Story } from './types.js';
import { isMapValue, type YamlMap, type YamlReader } from './yaml.js';

/** More ways through the `or` steps of one story than this is a mistake. */
const MAX_VARIANTS = 256;

/** `rules:` of one file. */
export function readRules(reader: YamlReader, root: YamlMap): Rule[] {
  const rules: Rule[] = [];
  for (const item of items(reader, root, 'rules')) {
    if (typeof item.rule !== 'string') {
      reader.wrong(item, undefined, 'a rule has no name', 'Start it with "- rule: what it is about".');
      continue;
    }
    const conditions = readSteps(reader, item, 'condition')[0] ?? [];
    for (const steps of readSteps(reader, item, 'steps')) {
      rules.push({
        name: item.rule,
        conversationStart: item.conversation_start === true,
        waitForUserInput: item.wait_for_user_input !== false,
        conditions,
        steps,
        ...reader.place(item),
      });
    }
  }
  return rules;
}

/** `stories:` of one file; each way through `or` steps is a story of its own. */
export function readStories(reader: YamlReader, root: YamlMap): Story[] {
  const stories: Story[] = [];
  for (const item of items(reader, root, 'stories')) {
    if (typeof item.story !== 'string') {
      reader.wrong(item, undefined, 'a story has no name', 'Start it with "- story: what happens in it".');
      continue;
    }
    for (const steps of readSteps(reader, item, 'steps'))
      stories.push({ name: item.story, steps, ...reader.place(item) });
  }
  return stories;
}

function items(reader: YamlReader, root: YamlMap, key: string): YamlMap[] {
  const list = root[key];
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) {
    reader.wrong(
      root,
      key,
      `"${key}" must be a list`,
      `Start each with "- ${key === 'rules' ? 'rule' : 'story'}: name".`,
    );
    return [];
  }
  list.forEach((item, index) => {
    if (!isMapValue(item))
      reader.wrong(list, index, `an item of "${key}" is not a mapping`, 'Give it a name and steps.');
  });
  return list.filter(isMapValue);
}

/** All ways through the steps. */
function readSteps(reader: YamlReader, holder: YamlMap, key: string): Step[][] {
  const list = holder[key];
  if (list === undefined || list === null) {
    if (key === 'steps')
      reader.wrong(holder, undefined, 'it has no steps', 'Add "steps:" with "- intent: …" and "- action: …".');
    return key === 'steps' ? [] : [[]];
  }
  if (!Array.isArray(list)) {
    reader.wrong(holder, key, `"${key}" must be a list`, 'Write one "- intent: …" or "- action: …" a line.');
    return [];
  }
  let variants: Step[][] = [[]];
  for (const [index, item] of list.entries()) {
    const choices = readChoices(reader, item, index, list);
    if (choices.length === 0) continue;
    variants = variants.flatMap((steps) => choices.map((choice) => [...steps, ...choice]));
    if (variants.length > MAX_VARIANTS) {
      reader.wrong(list, index, `the "or" steps make more than ${MAX_VARIANTS} combinations`, 'Split the story.');
      return [];
    }
  }
  return variants;
}

function readChoices(reader: YamlReader, item: unknown, index: number, list: readonly unknown[]): Step[][] {
  if (isMapValue(item) && Array.isArray(item.or)) {
    return item.or.flatMap((each, at) => {
      const step = readStep(reader, each, at, item.or as unknown[]);
      return step === undefined ? [] : [step];
    });
  }
  const step = readStep(reader, item, index, list);
  return step === undefined ? [] : [step];
}

function readStep(reader: YamlReader, item: unknown, index: number, list: readonly unknown[]): Step[] | undefined {
  if (item === '...' || item === '…') return [];
  if (!isMapValue(item)) {
    reader.wrong(list, index, 'this step is not known', HINT);
    return undefined;
  }
  const place = reader.place(item);
  if (typeof item.intent === 'string' || typeof item.user === 'string') return [readUser(item, place)];
  if (typeof item.action === 'string') return [{ kind: 'action', action: item.action.trim(), ...place }];
  if (typeof item.bot === 'string') return [{ kind: 'action', action: '', says: item.bot.trim(), ...place }];
  if (item.slot_was_set !== undefined) return [readSlots(item.slot_was_set, place)];
  if (item.active_loop !== undefined || item.form !== undefined) {
    const loop = item.active_loop ?? item.form;
    return [{ kind: 'loop', loop: typeof loop === 'string' ? loop : null, ...place }];
  }
  if (typeof item.checkpoint === 'string') {
    const slots = readSlots(item.slot_was_set ?? item.slots, place);
    return [
      { kind: 'checkpoint', checkpoint: item.checkpoint, slots: slots.kind === 'slots' ? slots.slots : {}, ...place },
    ];
  }
  reader.wrong(item, undefined, `this step (${Object.keys(item).join(', ')}) is not known`, HINT);
  return undefined;
}

const HINT = 'Use intent, action, slot_was_set, active_loop, checkpoint or or.';

function readUser(item: YamlMap, place: { readonly file: string; readonly line: number }): Step {
  const entities = Array.isArray(item.entities) ? item.entities : [];
  return {
    kind: 'user',
    intent: typeof item.intent === 'string' ? item.intent : '',
    entities: entities.flatMap((entity) => {
      if (typeof entity === 'string') return [{ entity }];
      if (!isMapValue(entity)) return [];
      const [name, value] = Object.entries(entity).find(([key]) => key !== 'role' && key !== 'group') ?? [];
      if (name === undefined) return [];
      return [{ entity: name, value, ...(typeof entity.role === 'string' ? { role: entity.role } : {}) }];
    }),
    ...(typeof item.user === 'string' ? { text: item.user.trim() } : {}),
    ...place,
  };
}

function readSlots(value: unknown, place: { readonly file: string; readonly line: number }): Step {
  const slots: Record<string, unknown> = {};
  const any: string[] = [];
  for (const item of Array.isArray(value) ? value : [value]) {
    if (typeof item === 'string') any.push(item);
    else if (isMapValue(item)) Object.assign(slots, item);
  }
  return { kind: 'slots', slots, any, ...place };
}
