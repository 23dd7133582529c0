import { randomUUID } from 'node:crypto';
import type { SessionStore } from '../../store/session-store.js';
import type { Brain, UserInput } from '../brain.js';
import { CONTINUE_MARK } from '../continue/words.js';
import { speakDigits } from '../digits.js';
import type { TrackerEvent } from '../tracker/events.js';
import { newTracker, type Tracker } from '../tracker/tracker.js';
import type { ConversationTest, TestStep } from './read.js';

export interface TestOutcome {
  readonly test: ConversationTest;
  /** Empty = passed. Lines of a diff: ` ` as expected, `-` expected and missing, `+` not expected, `!` what went wrong with an action. */
  readonly diff: readonly string[];
}

/** What the bot did in a turn. `quiet`: a test story need not name it. */
interface Done {
  readonly name: string;
  /** Its words for the test's channel: to be heard, or to be read. */
  readonly text: string;
  readonly quiet: boolean;
}

/**
 * Runs one test in a conversation of its own. Never rejects: an error is part of the diff. `troubles`: where the brain puts what goes wrong with its actions (`onActionTrouble`); it is
 * emptied turn by turn.
 */
export async function runConversationTest(
  test: ConversationTest,
  brain: Brain,
  sessions: SessionStore,
  troubles: string[] = [],
): Promise<TestOutcome> {
  const id = randomUUID();
  const lines: string[] = [];
  let failed = false;
  let waiting: Done[] = [];
  let all: readonly Done[] = [];
  const leftOver = (): void => {
    for (const done of waiting) {
      if (done.quiet && (test.style === 'story' || done.text === '')) continue;
      failed = true;
      lines.push(`+ ${describe(done)}`);
    }
    waiting = [];
  };
  try {
    if (Object.keys(test.fixtures).length > 0) {
      const language = test.language ?? brain.languages[0] ?? 'en';
      await sessions.put(id, newTracker(id, language, test.channel, Date.now(), test.fixtures), 0);
    }
    let count = 0;
    for (const step of test.steps) {
      const input = inputOf(step, test, count);
      if (input !== undefined) {
        leftOver();
        lines.push(`  ${describeStep(step)}`);
        const result = await brain.handle({
          conversationId: id,
          messageId: `m${count++}`,
          channel: test.channel,
          input,
          ...(test.language === undefined ? {} : { language: test.language }),
        });
        lines.push(...troubles.splice(0).map((what) => `! ${what}`));
        waiting = await doneIn(test, id, sessions);
        all = [...waiting];
        if (
          step.kind === 'user' &&
          step.intent !== undefined &&
          result.parse !== undefined &&
          result.parse.intent.name !== step.intent &&
          // As in Rasa, a retrieval intent may be named by its group alone.
          result.parse.intent.name.split('/')[0] !== step.intent
        ) {
          failed = true;
          lines.push(
            `- intent: ${step.intent}`,
            `+ intent: ${result.parse.intent.name} (${result.parse.intent.confidence.toFixed(2)})`,
          );
        }
        continue;
      }
      const problem = await check(step, test, waiting, id, sessions);
      if (problem === undefined) lines.push(`  ${describeStep(step)}`);
      else {
        failed = true;
        lines.push(`- ${describeStep(step)}`, ...problem.map((line) => `+ ${line}`));
        // What code did goes unnamed: it was passed over when something after it was named.
        if (step.kind === 'does' && all.some(({ name }) => name === step.name) && !problem.join().includes(step.name))
          lines.push(`! ${step.name} came before what was named last: name it there.`);
      }
    }
    leftOver();
  } catch (error) {
    failed = true;
    lines.push(`+ ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await sessions.delete(id).catch(() => {});
  }
  return { test, diff: failed ? lines : [] };
}

function inputOf(step: TestStep, test: ConversationTest, count: number): UserInput | undefined {
  if (step.kind === 'user')
    return { type: 'text', text: step.text, confidence: test.channel === 'voice' ? test.confidence : 1 };
  if (step.kind === 'key') return { type: 'dtmf', digits: step.digits };
  if (step.kind !== 'event') return undefined;
  // Silence in a row: the n-th time.
  const before = test.steps
    .filter((other) => inputKind(other))
    .slice(0, count)
    .reverse();
  const first = before.findIndex((other) => other.kind !== 'event' || other.name !== step.name);
  return { type: 'event', name: step.name, attempt: 1 + (first === -1 ? before.length : first) };
}

function inputKind(step: TestStep): boolean {
  return step.kind === 'user' || step.kind === 'key' || step.kind === 'event';
}

/** What is wrong with a step, or undefined. Takes what it names off `waiting`. */
async function check(
  step: TestStep,
  test: ConversationTest,
  waiting: Done[],
  id: string,
  sessions: SessionStore,
): Promise<string[] | undefined> {
  if (step.kind === 'does' || step.kind === 'says') {
    const fits = (done: Done): boolean =>
      step.kind === 'does' ? done.name === step.name : says(done, step.text, test);
    const at = waiting.findIndex(fits);
    // Questions may go unnamed in a story; code that ran may go unnamed anywhere.
    const skippable = (done: Done): boolean => done.quiet && (test.style === 'story' || done.text === '');
    if (at !== -1 && waiting.slice(0, at).every(skippable)) {
      waiting.splice(0, at + 1);
      return undefined;
    }
    const next = waiting.find((done) => !done.quiet) ?? waiting[0];
    if (next !== undefined) waiting.splice(0, waiting.indexOf(next) + 1);
    return next === undefined ? [] : [describe(next)];
  }
  const tracker = (await sessions.get(id))?.value as Tracker | undefined;
  if (step.kind === 'loop') {
    const top = tracker?.state.stack.at(-1);
    const loop = top?.kind === 'form' ? top.form : top?.kind === 'flow' ? top.flow : null;
    // A form that began and ended within one turn was active all the same.
    const was =
      step.loop !== null && tracker?.events.some((event) => event.event === 'action' && event.name === step.loop);
    return loop === step.loop || was ? undefined : [`active_loop: ${loop}`];
  }
  if (step.kind !== 'slot') return undefined;
  const found = tracker?.state.slots[step.name] ?? null;
  const holds =
    step.value === undefined
      ? found !== null
      : JSON.stringify(found) === JSON.stringify(step.value ?? null) || String(found) === String(step.value);
  return holds === step.set ? undefined : [`${step.name}: ${JSON.stringify(found)}`];
}

/** On the phone a digit string may be written as digits: it is heard digit by digit, in groups. */
function says({ text }: Done, words: string, { channel }: ConversationTest): boolean {
  if (text === words || channel === 'text') return text === words;
  const pieces = words.split(/(\d+)/).map((piece, at) => {
    if (at % 2 === 0) return escaped(piece);
    return `(?:${[piece, speakDigits(piece, 'zh-CN'), speakDigits(piece, 'en')].map(escaped).join('|')})`;
  });
  return new RegExp(`^${pieces.join('')}$`, 'u').test(text);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** What the bot did since the last message, in order. */
async function doneIn({ channel }: ConversationTest, id: string, sessions: SessionStore): Promise<Done[]> {
  const tracker = (await sessions.get(id))?.value as Tracker | undefined;
  const events = tracker?.events ?? [];
  const turn = events.slice(events.findLastIndex((event) => event.event === 'user') + 1);
  return turn.flatMap((event, index) => toDone(event, turn.slice(0, index), channel));
}

function toDone(event: TrackerEvent, earlier: readonly TrackerEvent[], channel: ConversationTest['channel']): Done[] {
  if (event.event === 'bot') {
    // The code in this place is put there outside the turn.
    if (event.interim || event.text === CONTINUE_MARK) return [];
    const action = earlier.findLast((each) => each.event === 'action');
    const named = earlier.at(-1) === action && action?.name === event.response;
    const name = event.response ?? '';
    // What code says by itself goes unnamed in Rasa's stories, and so do the questions of forms.
    const byCode = action !== undefined && !action.name.startsWith('utter_') && action.policy !== 'form';
    const text = channel === 'voice' ? (event.speech ?? event.text) : event.text;
    return [{ name, text, quiet: !named && (byCode || /^utter_(ask|confirm)_/.test(name)) }];
  }
  // A response's action is told by its words.
  if (event.event === 'action' && !event.name.startsWith('utter_'))
    return [{ name: event.name, text: '', quiet: true }];
  return [];
}

function describe(done: Done): string {
  return done.text === '' ? `action: ${done.name}` : `${done.name === '' ? 'bot' : done.name}: ${done.text}`;
}

function describeStep(step: TestStep): string {
  switch (step.kind) {
    case 'user':
      return `user: ${step.text}`;
    case 'key':
      return `key: ${step.digits}`;
    case 'event':
      return `event: ${step.name}`;
    case 'does':
      return step.name;
    case 'says':
      return `bot: ${step.text}`;
    case 'loop':
      return `active_loop: ${step.loop}`;
    case 'slot':
      return `${step.set ? 'slot_was_set' : 'slot_was_not_set'}: ${step.name}${step.value === undefined ? '' : ` = ${JSON.stringify(step.value)}`}`;
  }
}
