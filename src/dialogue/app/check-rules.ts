import type { Application, Rule } from './types.js';
import type { YamlReader } from './yaml.js';

/** A rule that begins with the action another one ends with: that one waits for the caller then, and this one never follows. */
export function checkRules({ rules, domain }: Application, reader: YamlReader): void {
  for (const rule of rules) {
    const last = rule.steps.at(-1);
    if (last?.kind !== 'action' || rule.steps.length < 2 || !rule.waitForUserInput || domain.forms.has(last.action))
      continue;
    const following = rules.find((other) => other !== rule && goesOnFrom(other, last.action));
    if (following === undefined) continue;
    reader.warning(
      last.file,
      last.line,
      `the rule "${rule.name}" waits for the caller after ${last.action}, so the rule "${following.name}" never follows on it`,
      `Add "wait_for_user_input: false" to "${rule.name}".`,
    );
  }
}

function goesOnFrom({ steps: [first, ...others] }: Rule, action: string): boolean {
  return first?.kind === 'action' && first.action === action && others.some(({ kind }) => kind === 'action');
}
