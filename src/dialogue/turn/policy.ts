import type { Application, Rule, SlotDefinition, Step, Story } from '../app/types.js';
import type { Item, TrackerState } from '../tracker/tracker.js';

/**
 * What rules and stories say comes next. A rule applies when its steps so far are the last things that happened; a story when the last
 * `max_history` of them are (Rasa's augmented memoization: a story that is shorter applies whole).
 */

export interface Prediction {
  readonly action: string;
  readonly policy: 'rule' | 'story';
  readonly name: string;
}

interface Entry {
  readonly name: string;
  readonly rule: Rule | undefined;
  /** Items before the action, oldest first. */
  readonly before: readonly (Item & { readonly step?: Step })[];
  readonly slots: Readonly<Record<string, unknown>>;
  readonly slotsSet: readonly string[];
  readonly action: string;
  /** How many conditions it has: the more, the more it knows. */
  readonly weight: number;
}

/** Ways through checkpoints that are followed at most. */
const MAX_PATHS = 2000;
const LISTEN = 'action_listen';

export class PolicyIndex {
  readonly #rules = new Map<string, Entry[]>();
  readonly #stories = new Map<string, Entry[]>();
  readonly #maxHistory: number;
  readonly #slots: ReadonlyMap<string, SlotDefinition>;
  readonly #start: readonly Rule[];
  /** By intent every action of the rules that begin with it. */
  readonly #following = new Map<string, Set<string>>();

  constructor(application: Application) {
    this.#maxHistory = application.maxHistory;
    this.#slots = application.domain.slots;
    for (const rule of application.rules) {
      this.#index(this.#rules, rule.name, rule.steps, rule);
      const [first, ...others] = rule.steps;
      if (first?.kind !== 'user') continue;
      const following = this.#following.get(first.intent) ?? new Set();
      for (const step of others) if (step.kind === 'action') following.add(step.action);
      this.#following.set(first.intent, following);
    }
    for (const story of linkCheckpoints(application.stories))
      this.#index(this.#stories, story.name, story.steps, undefined);
    this.#start = application.rules.filter((rule) => rule.conversationStart);
  }

  /** Rules that only hold at the very beginning of a conversation. */
  get startRules(): readonly Rule[] {
    return this.#start;
  }

  fromRules(
    state: TrackerState,
    start: { readonly slots: Readonly<Record<string, unknown>>; readonly loop: string | null },
  ): Prediction | undefined {
    let best: Entry | undefined;
    for (const entry of this.#candidates(this.#rules, state.items)) {
      if (!endsWith(state.items, entry.before) || !this.#slotsHold(entry, state.slots)) continue;
      if (entry.rule?.conversationStart === true && state.turn - state.sessionTurn > 1) continue;
      if (!this.#conditionsHold(entry, state, start)) continue;
      if (best === undefined || entry.weight + entry.before.length > best.weight + best.before.length) best = entry;
    }
    return best === undefined ? undefined : { action: best.action, policy: 'rule', name: best.name };
  }

  fromStories(state: TrackerState): Prediction | undefined {
    let best: Entry | undefined;
    let bestLength = 0;
    for (const entry of this.#candidates(this.#stories, state.items)) {
      const need = Math.min(entry.before.length, this.#maxHistory);
      const common = commonSuffix(state.items, entry.before);
      if (common < need || !this.#slotsHold(entry, state.slots)) continue;
      const score = common + entry.weight / 100;
      if (score <= bestLength) continue;
      best = entry;
      bestLength = score;
    }
    return best === undefined ? undefined : { action: best.action, policy: 'story', name: best.name };
  }

  /** True when some rule begins with this intent. */
  knows(intent: string): boolean {
    return this.#rules.has(`u:${intent}`);
  }

  /** First actions of the rules that this intent alone starts. */
  firstActions(intent: string): readonly string[] {
    return (this.#rules.get(`u:${intent}`) ?? [])
      .filter((entry) => entry.before.length === 1)
      .map((entry) => entry.action);
  }

  /** Whether a rule that begins with this intent does one of these actions. */
  leadsTo(intent: string, actions: ReadonlySet<string>): boolean {
    const following = this.#following.get(intent);
    return following !== undefined && [...actions].some((action) => following.has(action));
  }

  #candidates(index: ReadonlyMap<string, Entry[]>, items: readonly Item[]): readonly Entry[] {
    const last = items.findLast((item) => item.kind !== 'loop' || item.loop === null);
    if (last === undefined) return [];
    const exact = index.get(itemKey(last)) ?? [];
    if (last.kind !== 'user' || !last.intent.includes('/')) return exact;
    return [...exact, ...(index.get(`u:${last.intent.split('/')[0]}`) ?? [])];
  }

  #index(index: Map<string, Entry[]>, name: string, steps: readonly Step[], rule: Rule | undefined): void {
    const before: Item[] = [];
    let slots: Record<string, unknown> = {};
    let slotsSet: string[] = [];
    const add = (action: string): void => {
      const last = before.at(-1);
      if (last === undefined) return;
      const entities = before.reduce((count, item) => count + (item.kind === 'user' ? item.entities.length : 0), 0);
      const weight = Object.keys(slots).length + slotsSet.length + entities + (rule?.conditions.length ?? 0);
      const entries = index.get(itemKey(last)) ?? [];
      entries.push({ name, rule, before: [...before], slots, slotsSet, action, weight });
      index.set(itemKey(last), entries);
    };
    for (const step of steps) {
      if (step.kind === 'user') {
        if (before.at(-1)?.kind === 'action') add(LISTEN);
        before.push({ kind: 'user', intent: step.intent, entities: step.entities.map((entity) => entity.entity) });
      } else if (step.kind === 'action') {
        if (before.length > 0 || rule === undefined) add(step.action);
        before.push({ kind: 'action', name: step.action });
      } else if (step.kind === 'loop') {
        if (step.loop === null) before.push({ kind: 'loop', loop: null });
      } else if (step.kind === 'slots') {
        slots = { ...slots, ...step.slots };
        slotsSet = [...slotsSet, ...step.any];
      }
    }
    if (before.at(-1)?.kind === 'action' && rule?.waitForUserInput !== false) add(LISTEN);
  }

  #slotsHold(entry: Entry, slots: Readonly<Record<string, unknown>>): boolean {
    for (const [name, wanted] of Object.entries(entry.slots)) {
      const found = slots[name] ?? null;
      if (this.#slots.get(name)?.influenceConversation === false && entry.rule === undefined) continue;
      if (!sameFeature(this.#slots.get(name), found, wanted)) return false;
    }
    return entry.slotsSet.every((name) => (slots[name] ?? null) !== null);
  }

  #conditionsHold(
    entry: Entry,
    state: TrackerState,
    start: { readonly slots: Readonly<Record<string, unknown>>; readonly loop: string | null },
  ): boolean {
    const first = entry.before[0];
    for (const condition of entry.rule?.conditions ?? []) {
      if (condition.kind === 'loop') {
        // "When the form is over": the condition names the form that the first step is.
        if (first?.kind === 'action' && first.name === condition.loop) continue;
        if (condition.loop !== start.loop) return false;
      } else if (condition.kind === 'slots') {
        const slots = first?.kind === 'user' ? start.slots : state.slots;
        for (const [name, wanted] of Object.entries(condition.slots)) {
          if (!sameFeature(this.#slots.get(name), slots[name] ?? null, wanted)) return false;
        }
        if (!condition.any.every((name) => (slots[name] ?? null) !== null)) return false;
      }
    }
    return true;
  }
}

/** As Rasa features slots: a text or list slot only counts as set or not set, the others by value. */
function sameFeature(slot: SlotDefinition | undefined, found: unknown, wanted: unknown): boolean {
  if (wanted === null) return found === null;
  if (found === null) return false;
  if (slot?.type === 'text' || slot?.type === 'list') return true;
  if (slot?.type === 'categorical') return String(found).toLowerCase() === String(wanted).toLowerCase();
  return found === wanted || JSON.stringify(found) === JSON.stringify(wanted);
}

function itemKey(item: Item): string {
  if (item.kind === 'user') return `u:${item.intent}`;
  return item.kind === 'action' ? `a:${item.name}` : `l:${item.loop ?? ''}`;
}

function sameItem(found: Item, wanted: Item): boolean {
  if (wanted.kind === 'user') {
    if (found.kind !== 'user') return false;
    if (found.intent !== wanted.intent && found.intent.split('/')[0] !== wanted.intent) return false;
    return wanted.entities.every((entity) => found.entities.includes(entity));
  }
  return itemKey(found) === itemKey(wanted);
}

function commonSuffix(all: readonly Item[], before: readonly Item[]): number {
  const items = all.filter((item) => item.kind !== 'loop' || item.loop === null);
  let count = 0;
  for (; count < items.length && count < before.length; count++) {
    const [found, wanted] = [items[items.length - 1 - count], before[before.length - 1 - count]];
    if (found === undefined || wanted === undefined || !sameItem(found, wanted)) break;
  }
  return count;
}

function endsWith(items: readonly Item[], before: readonly Item[]): boolean {
  return commonSuffix(items, before) === before.length;
}

/** Stories joined at their checkpoints, as many ways as there are (bounded; a checkpoint is passed once on a way). */
function linkCheckpoints(stories: readonly Story[]): Story[] {
  const starting = new Map<string, Story[]>();
  for (const story of stories) {
    const first = story.steps[0];
    if (first?.kind !== 'checkpoint') continue;
    starting.set(first.checkpoint, [...(starting.get(first.checkpoint) ?? []), story]);
  }
  const linked: Story[] = [];
  const follow = (name: string, steps: readonly Step[], story: Story, passed: readonly string[]): void => {
    if (linked.length >= MAX_PATHS) return;
    const last = story.steps.at(-1);
    const body = story.steps.flatMap((step): Step[] => {
      if (step.kind !== 'checkpoint') return [step];
      return Object.keys(step.slots).length === 0
        ? []
        : [{ kind: 'slots', slots: step.slots, any: [], file: step.file, line: step.line }];
    });
    const joined = [...steps, ...body];
    const next = last?.kind === 'checkpoint' && story.steps.length > 1 ? (starting.get(last.checkpoint) ?? []) : [];
    const open = next.filter((following) => !passed.includes(following.name));
    if (open.length === 0) linked.push({ ...story, name, steps: joined });
    for (const following of open) follow(`${name} > ${following.name}`, joined, following, [...passed, following.name]);
  };
  for (const story of stories) if (story.steps[0]?.kind !== 'checkpoint') follow(story.name, [], story, [story.name]);
  return linked;
}
