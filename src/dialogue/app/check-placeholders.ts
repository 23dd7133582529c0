import { placeholdersOf } from '../actions/ready/template.js';
import { slotsIn } from '../responses/respond.js';
import { didYouMean } from './nearest.js';
import type { ReadyAction } from './ready-actions.js';
import { BUILT_IN_SLOTS, READY_SLOTS } from './slot-values.js';
import type { Application } from './types.js';
import type { YamlReader } from './yaml.js';

/** What the engine itself puts into its own responses. */
const ENGINE_VALUES: readonly string[] = ['value', 'choices', 'intent_title'];
/** What a ready action knows of the message and the conversation, besides slots. */
const MESSAGE_VALUES: readonly string[] = [
  'conversation_id',
  'turn',
  'language',
  'channel',
  'sender',
  'text',
  'intent',
  'now',
];

/**
 * Placeholders of responses that no slot fills. `saidByFiles`: responses that rules, flows, forms or ready actions name; the others may be said by code, which can bring values of
 * its own, so they are only looked at where an application has no code.
 */
export function checkResponses(application: Application, reader: YamlReader, saidByFiles: ReadonlySet<string>): void {
  const { domain, actionFiles, endpoints } = application;
  const known = new Set([...domain.slots.keys(), ...BUILT_IN_SLOTS, ...READY_SLOTS, ...ENGINE_VALUES]);
  const hasCode = actionFiles.length > 0 || endpoints.actionUrl !== undefined;
  for (const response of domain.responses.values()) {
    if (hasCode && !isNamed(response.name, saidByFiles)) continue;
    const names = response.variations.flatMap(({ text, speech }) => [...slotsIn(text), ...slotsIn(speech ?? '')]);
    for (const name of new Set(names)) {
      if (known.has(name)) continue;
      reader.warning(
        response.file,
        response.line,
        `the response "${response.name}" says {${name}}, and there is no slot of that name`,
        `It is said as a gap. Write the name of a slot.${didYouMean(name, known)}`,
      );
    }
  }
}

function isNamed(name: string, named: ReadonlySet<string>): boolean {
  return named.has(name) || named.has(name.replace(/_retry_\d+$/, '')) || named.has(name.split('/')[0] ?? name);
}

/** Placeholders of a ready action that nothing fills: empty in what is sent, and no address at all. */
export function checkSent(application: Application, reader: YamlReader, action: ReadyAction): void {
  const known = new Set([...application.domain.slots.keys(), ...READY_SLOTS, ...MESSAGE_VALUES]);
  const { file, line } = action;
  const url = action.type === 'http' ? action.url.split('?')[0] : undefined;
  const inAddress = new Set(placeholdersOf(url));
  for (const name of new Set(placeholdersOf(sentBy(action)))) {
    if (known.has(name) || name.startsWith('secret.') || name.startsWith('endpoint.')) continue;
    const hint = `Write the name of a slot.${didYouMean(name, known)}`;
    if (inAddress.has(name))
      reader.error(file, line, `the address of the action "${action.name}" needs {${name}}, which nothing fills`, hint);
    else
      reader.warning(
        file,
        line,
        `the action "${action.name}" has {${name}}, and there is no slot of that name`,
        `It is left empty. ${hint}`,
      );
  }
}

/** Everything of an action that is filled in when it runs. */
function sentBy(action: ReadyAction): unknown {
  switch (action.type) {
    case 'http': {
      const answers = action.answers.flatMap(({ slots }) =>
        Object.values(slots).map((from) => ('path' in from ? from.path : from.value)),
      );
      return [action.url, action.query, action.headers, action.body, answers];
    }
    case 'ticket':
      return [action.subject, action.text];
    case 'call_back':
      return [action.phone, action.at, action.subject];
    default:
      return [action.reason, action.target];
  }
}
