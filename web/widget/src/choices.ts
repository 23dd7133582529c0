import { h } from '../../shared/dom.js';
import type { Choice } from './memory.js';

/** The choices of a reply as buttons, in a group with a name. Titles are whatever the application wrote: only ever text. */
export function choiceGroup(name: string, choices: readonly Choice[], choose: (choice: Choice) => void): HTMLElement {
  return h(
    'div',
    { class: 'choices', role: 'group', 'aria-label': name },
    ...choices.map((choice) =>
      h('button', { type: 'button', class: 'choice', onclick: () => choose(choice) }, choice.title),
    ),
  );
}

/** They stay in the keyboard's reach while they can't be taken, as `disabled` would not. */
export function enableChoices(root: ParentNode, enabled: boolean): void {
  for (const button of root.querySelectorAll('.choice')) button.setAttribute('aria-disabled', String(!enabled));
}
