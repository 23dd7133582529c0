import type { Logger } from 'pino';
import { FALLBACK_INTENT, type IntentModel } from '../../nlu/intent-model.js';
import { hash } from '../responses/respond.js';
import type { Application, ResponseDefinition, Step, Story } from './types.js';

/**
 * Stories written end to end, as Rasa has them: `user: "words"` and `bot: "words"` in place of intents and actions. What the caller says in them is understood once, when the
 * application is opened; what the bot says is the response with these words, or one made for them.
 */
export async function withQuotedTurns(
  application: Application,
  model: IntentModel,
  logger: Logger,
): Promise<Application> {
  if (!application.stories.some(({ steps }) => steps.some(isQuoted))) return application;
  const made = new Map<string, ResponseDefinition>();
  const stories: Story[] = [];
  for (const story of application.stories) {
    const steps: Step[] = [];
    for (const step of story.steps) {
      const plain = await plainStep(application, model, made, step);
      if (plain === undefined) break;
      steps.push(plain);
    }
    if (steps.length === story.steps.length) stories.push({ ...story, steps });
    else {
      const at = story.steps[steps.length];
      logger.warn(
        { story: story.name, file: at?.file, line: at?.line, words: at?.kind === 'user' ? at.text : undefined },
        'a story is left out: what the caller says in it is not understood; add it to the examples of an intent',
      );
    }
  }
  const responses = new Map([...application.domain.responses, ...made]);
  return { ...application, stories, domain: { ...application.domain, responses } };
}

function isQuoted(step: Step): boolean {
  return (step.kind === 'user' && step.intent === '') || (step.kind === 'action' && step.says !== undefined);
}

/** Undefined when the words are not understood. */
async function plainStep(
  application: Application,
  model: IntentModel,
  made: Map<string, ResponseDefinition>,
  step: Step,
): Promise<Step | undefined> {
  if (step.kind === 'user' && step.intent === '') {
    const { intent } = await model.parse(step.text ?? '', { language: application.language });
    const understood = intent.name !== FALLBACK_INTENT && intent.confidence >= application.thresholds.nlu;
    return understood ? { ...step, intent: intent.name } : undefined;
  }
  if (step.kind === 'action' && step.says !== undefined)
    return { ...step, action: responseWith(application, made, step.says, step) };
  return step;
}

function responseWith(
  application: Application,
  made: Map<string, ResponseDefinition>,
  text: string,
  place: { readonly file: string; readonly line: number },
): string {
  for (const [name, { variations }] of application.domain.responses)
    if (variations.some((variation) => variation.text === text)) return name;
  const name = `utter_said_${hash(text).toString(36)}`;
  made.set(name, {
    name,
    file: place.file,
    line: place.line,
    variations: [
      {
        text,
        speech: undefined,
        language: undefined,
        channel: undefined,
        conditions: [],
        buttons: [],
        bargeIn: true,
        custom: undefined,
      },
    ],
  });
  return name;
}
