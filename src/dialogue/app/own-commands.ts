import type { TrainingExample } from '../../nlu/corpus/training-data.js';
import { commandOf } from '../turn/commands.js';
import type { Application } from './types.js';
import type { Problem } from './yaml.js';

/** Built-in commands ("repeat", "a person") that an application has among the examples of its own intents. */

/** By intent the commands that one of its examples is, word for word; undefined where nothing is known of the examples. */
export function ownCommands(
  examples: readonly TrainingExample[],
): ReadonlyMap<string, ReadonlySet<string>> | undefined {
  if (examples.length === 0) return undefined;
  const own = new Map<string, Set<string>>();
  for (const { intent, text } of examples) {
    const command = intent === '' ? undefined : commandOf(text);
    if (command !== undefined) own.set(intent, (own.get(intent) ?? new Set()).add(command));
  }
  return own;
}

/** Examples that are a built-in command while their intent does something else: the command can't be said in these words then. */
export function lostCommands(application: Application, examples: readonly TrainingExample[]): Problem[] {
  const lost = new Map<string, { readonly first: TrainingExample; readonly command: string; count: number }>();
  for (const example of examples) {
    const command = example.intent === '' ? undefined : commandOf(example.text);
    if (command === undefined) continue;
    const actions = actionsAfter(application, example.intent);
    if (actions === undefined || actions.some((action) => doesIt(application, action, command))) continue;
    const key = `${example.intent} ${command}`;
    const earlier = lost.get(key);
    if (earlier === undefined) lost.set(key, { first: example, command, count: 1 });
    else earlier.count++;
  }
  return [...lost.values()].map(({ first: { intent, text, file, line }, command, count }) => ({
    severity: 'warning',
    file,
    line,
    message: `"${text}"${count > 1 ? ` and ${count - 1} more` : ''} of the intent "${intent}" would be the built-in ${command}, and what the application does for "${intent}" is done instead`,
    hint: `Take such words out of the examples, or let the rule for "${intent}" end with ${command}.`,
  }));
}

/** What follows on an intent by rules and flows; undefined where nothing does: the command works then. */
function actionsAfter({ rules, flows }: Application, intent: string): readonly string[] | undefined {
  const begun = rules.filter(({ steps: [first] }) => first?.kind === 'user' && first.intent === intent);
  const triggered = [...flows.values()].filter(({ triggers }) => triggers.some((each) => each.intent === intent));
  if (begun.length === 0 && triggered.length === 0) return undefined;
  return [
    ...begun.flatMap(({ steps }) => steps.flatMap((step) => (step.kind === 'action' ? [step.action] : []))),
    ...triggered.flatMap(({ steps }) =>
      [...steps.values()].flatMap((step) => (step.kind === 'action' ? [step.action] : [])),
    ),
  ];
}

function doesIt({ domain, readyActions }: Application, action: string, command: string): boolean {
  if (action === command || action === command.replace(/^action_/, 'utter_')) return true;
  if (command !== 'action_hand_off') return false;
  // Code of the application's own may put through to whom it likes.
  return readyActions.get(action)?.type === 'hand_off' || (domain.actions.has(action) && !readyActions.has(action));
}
