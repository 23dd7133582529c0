import { hasIntent } from './known-intents.js';
import { didYouMean } from './nearest.js';
import type { Application, Located, Step } from './types.js';
import type { Problem } from './yaml.js';

/** What no caller comes to: forms and flows that nothing begins, buttons that send an intent there is not, endpoints without an address. */
export function unreached(application: Application): Problem[] {
  return [...neverBegun(application), ...deadButtons(application), ...badAddresses(application)];
}

function neverBegun({ domain, flows, rules, stories, readyActions }: Application): Problem[] {
  const begun = new Set<string>();
  // A rule that begins with a form says what comes after it.
  const steps: Step[] = [...rules.map((rule) => rule.steps.slice(1)), ...stories.map((story) => story.steps)].flat();
  for (const step of steps) {
    if (step.kind === 'action') begun.add(step.action);
    if (step.kind === 'loop' && step.loop !== null) begun.add(step.loop);
  }
  for (const flow of flows.values()) {
    if (flow.triggers.length > 0 || flow.id.startsWith('pattern_')) begun.add(flow.id);
    for (const step of flow.steps.values()) {
      if (step.kind === 'action') begun.add(step.action);
      else if (step.kind === 'link' || step.kind === 'call') begun.add(step.flow);
    }
  }
  for (const action of readyActions.values())
    if (action.type === 'http') for (const { next } of action.answers) if (next !== undefined) begun.add(next);
  const tell = (what: string, name: string, place: Located, hint: string): Problem[] =>
    begun.has(name) ? [] : [warning(place, `nothing in the files begins the ${what} "${name}"`, hint)];
  return [
    ...[...domain.forms.values()].flatMap((form) =>
      tell('form', form.name, form, `Begin it in a rule: "- action: ${form.name}" and "- active_loop: ${form.name}".`),
    ),
    ...[...flows.values()].flatMap((flow) =>
      tell('flow', flow.id, flow, 'Give it "nlu_trigger: [{intent: …}]", a rule, or a "link" from another flow.'),
    ),
  ];
}

/** `/order_status{"order": "1"}` in a button of a response. */
function deadButtons({ domain }: Application): Problem[] {
  return [...domain.responses.values()].flatMap((response) => {
    const payloads = response.variations.flatMap(({ buttons }) => buttons.map(({ payload }) => payload));
    const intents = new Set(payloads.flatMap((payload) => /^\/([\w/-]+)/.exec(payload)?.[1] ?? []));
    return [...intents]
      .filter((intent) => !hasIntent(domain, intent))
      .map((intent) =>
        warning(
          response,
          `a button of "${response.name}" sends the intent "${intent}", which there is not`,
          `Add it to "intents:" of the domain, or correct the name.${didYouMean(intent, domain.intents.keys())}`,
        ),
      );
  });
}

function badAddresses({ endpoints }: Application): Problem[] {
  return Object.entries(endpoints.all).flatMap(([name, { url }]) => {
    if (typeof url !== 'string' || url.includes('${') || /^[a-z][a-z0-9+.-]*:\/\//i.test(url)) return [];
    return [
      warning(
        { file: 'endpoints.yml', line: 0 },
        `the url of the endpoint "${name}" is "${url}", which is no address`,
        `Write http://${url}, or https://.`,
      ),
    ];
  });
}

function warning({ file, line }: Located, message: string, hint: string): Problem {
  return { severity: 'warning', file, line, message, hint };
}
