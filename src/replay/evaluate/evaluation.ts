import { cards, page, section, table } from '../report/html/page.js';
import { clean, figureText, plainTable, rangeText } from '../report/table.js';
import { type Estimate, estimate, estimatePercentile, estimateShare, type Share } from '../statistics/bootstrap.js';

/** One conversation, as far as its source tells. */
export interface JudgedConversation {
  readonly name: string;
  /** Answers that were as expected, of those expected; null where nobody says what was expected. */
  readonly answers: Share | null;
  readonly intents: Share | null;
  /** Messages of the caller that were understood, of all. */
  readonly understood: Share;
  readonly turns: number;
  /** Done with the first message: understood, not handed to a person, and nothing but thanks or goodbye after it. */
  readonly firstTurn: boolean;
  readonly transferred: boolean;
  readonly responseMs: readonly number[];
  /** Named answers of the application that were given in it. */
  readonly given: readonly string[];
}

export interface HeldOutIntents {
  /** 0 to 1, in scope. */
  readonly accuracy: number;
  readonly examples: number;
}

export interface Figure {
  readonly key: string;
  readonly label: string;
  readonly unit: '%' | 'ms' | '';
  readonly value: Estimate | null;
  /** What it is made of, or why it is not there. */
  readonly because: string;
}

export interface Evaluation {
  readonly format: 1;
  readonly source: string;
  readonly conversations: number;
  /** The figures by their keys alone: shares from 0 to 1, ms, messages; null where there is nothing to measure. */
  readonly values: Readonly<Record<string, number | null>>;
  readonly figures: readonly Figure[];
  /** Named answers of the application that nobody was given. */
  readonly neverGiven: readonly string[];
  /** Conversations with a wrong answer or intent, worst first. */
  readonly wrong: readonly { readonly name: string; readonly answers: Share | null; readonly intents: Share | null }[];
}

/** What follows a wish that is done. */
export const CLOSING_INTENTS: ReadonlySet<string> = new Set(['deny', 'goodbye', 'thanks', 'thank', 'thank_you']);

/** The figures of the field's guides, each with a 95 % interval over whole conversations. */
export function evaluate(
  source: string,
  conversations: readonly JudgedConversation[],
  {
    seed = 1,
    labelled,
    responseOf,
    answers,
    heldOut,
  }: {
    readonly seed?: number;
    readonly labelled: boolean;
    readonly responseOf: string;
    /** Of the application's own examples, each judged by a model that had not seen it: stands in where nobody says which intents are right. */
    readonly heldOut?: HeldOutIntents | undefined;
    /** All named answers that the application has; none: it could not be read. */
    readonly answers: readonly string[];
  },
): Evaluation {
  const share = (of: (each: JudgedConversation) => Share | null): Estimate | null =>
    estimateShare(
      conversations.map((each) => of(each) ?? { part: 0, of: 0 }),
      { seed },
    ) ?? null;
  const yes = (value: boolean): Share => ({ part: value ? 1 : 0, of: 1 });
  const unlabelled = 'a log does not say what the right one would have been; conversation tests do';
  const given = new Set(conversations.flatMap((each) => each.given));
  const neverGiven = answers.filter((name) => !given.has(name));
  const delays = conversations.map(({ responseMs }) => responseMs);
  const intentsRight = (): Pick<Figure, 'value' | 'because'> => {
    const value = share(({ intents }) => intents);
    if (value !== null) return { value, because: 'where a test names the intent (intent: beside user:)' };
    if (!heldOut) return { value, because: labelled ? 'no test names an intent (intent: beside user:)' : unlabelled };
    const right = Math.round(heldOut.accuracy * heldOut.examples);
    const each = Array.from({ length: heldOut.examples }, (_, index) => ({ part: index < right ? 1 : 0, of: 1 }));
    return {
      value: estimateShare(each, { seed }) ?? null,
      because: `no test names one: the application's ${heldOut.examples} examples, each judged by a model that had not seen it`,
    };
  };
  const figures: Figure[] = [
    {
      key: 'answerAccuracy',
      label: 'answers right',
      unit: '%',
      value: share(({ answers }) => answers),
      because: labelled ? 'replies of the bot as the tests expect them' : unlabelled,
    },
    {
      key: 'knowledgeUse',
      label: 'knowledge in use',
      unit: '%',
      value:
        conversations.length === 0
          ? null
          : (estimateShare(
              answers.map((name) => ({ part: given.has(name) ? 1 : 0, of: 1 })),
              { seed },
            ) ?? null),
      because:
        answers.length === 0
          ? 'the application could not be read'
          : `of the ${answers.length} answers that the application has (the responses of its domain), those that were given at all`,
    },
    {
      key: 'intentAccuracy',
      label: 'intents right',
      unit: '%',
      ...intentsRight(),
    },
    {
      key: 'understood',
      label: 'messages understood',
      unit: '%',
      value: share(({ understood }) => understood),
      because: 'an intent or the answer to a question was found in them; whether the right one is another figure',
    },
    {
      key: 'firstTurnCompletion',
      label: 'done with the first message',
      unit: '%',
      value: share(({ firstTurn }) => yes(firstTurn)),
      because: labelled
        ? 'understood, not handed to a person, nothing asked and nothing but no, thanks or goodbye after it'
        : 'understood, not handed to a person, ended with a goodbye, nothing but no or thanks after it',
    },
    {
      key: 'transferred',
      label: 'handed to a person',
      unit: '%',
      value: share(({ transferred }) => yes(transferred)),
      because: '',
    },
    {
      key: 'averageTurns',
      label: 'messages of a conversation',
      unit: '',
      value:
        conversations.length === 0
          ? null
          : estimate(conversations, (drawn) => drawn.reduce((sum, { turns }) => sum + turns, 0) / drawn.length, {
              seed,
            }),
      because: 'of the caller, on average',
    },
    {
      key: 'responseP50Ms',
      label: 'response, median',
      unit: 'ms',
      value: estimatePercentile(delays, 0.5, { seed }) ?? null,
      because: responseOf,
    },
    {
      key: 'responseP95Ms',
      label: 'response, p95',
      unit: 'ms',
      value: estimatePercentile(delays, 0.95, { seed }) ?? null,
      because: responseOf,
    },
  ];
  const missing = (each: Share | null): number => (each ? each.of - each.part : 0);
  const wrong = conversations
    .filter(({ answers, intents }) => missing(answers) + missing(intents) > 0)
    .sort(
      (left, right) => missing(right.answers) + missing(right.intents) - missing(left.answers) - missing(left.intents),
    )
    .map(({ name, answers, intents }) => ({ name, answers, intents }));
  const values = Object.fromEntries(figures.map(({ key, value }) => [key, value?.value ?? null]));
  return { format: 1, source, conversations: conversations.length, values, figures, neverGiven, wrong };
}

function valueText({ value, unit }: Figure): string {
  if (!value) return '-';
  return unit === '' ? value.value.toFixed(1) : figureText(value, unit);
}

function spreadText({ value, unit }: Figure): string {
  if (!value || value.n < 2) return '';
  return unit === '' ? `${value.low.toFixed(1)} – ${value.high.toFixed(1)}` : rangeText(value, unit);
}

const MOST_WRONG = 20;
const shareText = (share: Share | null): string => (share ? `${share.part} of ${share.of}` : '-');

/** For people at a terminal. */
export function evaluationTable(evaluation: Evaluation): string {
  const rows = plainTable(['', '', '95 %', '']);
  for (const figure of evaluation.figures)
    rows.push([figure.label, valueText(figure), spreadText(figure), figure.because]);
  const wrong = evaluation.wrong
    .slice(0, MOST_WRONG)
    .map(
      ({ name, answers, intents }) => `  ${clean(name)}: answers ${shareText(answers)}, intents ${shareText(intents)}`,
    );
  const more = evaluation.wrong.length - wrong.length;
  return [
    `${evaluation.conversations} conversations, ${clean(evaluation.source)}`,
    rows.toString(),
    ...(wrong.length === 0 ? [] : ['Not as expected:', ...wrong]),
    ...(evaluation.neverGiven.length === 0 ? [] : [neverGivenText(evaluation.neverGiven)]),
    ...(more > 0 ? [`  … and ${more} more: --json shows all.`] : []),
    '',
  ].join('\n');
}

const MOST_NAMES = 40;

function neverGivenText(names: readonly string[]): string {
  const more = names.length > MOST_NAMES ? `, and ${names.length - MOST_NAMES} more (--json)` : '';
  return `Answers that nobody was given: ${names.slice(0, MOST_NAMES).map(clean).join(', ')}${more}`;
}

/** The report as a page in one file. */
export function evaluationPage(evaluation: Evaluation): string {
  return page({
    title: 'Evaluation',
    lead: `${evaluation.conversations} conversations, ${evaluation.source}`,
    body: [
      cards(
        evaluation.figures.flatMap((figure) =>
          figure.value ? [{ label: figure.label, value: valueText(figure), note: spreadText(figure) }] : [],
        ),
      ),
      section(
        'What the figures are',
        table(
          [{ head: '' }, { head: '', numeric: true }, { head: '95 %', numeric: true }, { head: '' }],
          evaluation.figures.map((figure) => [figure.label, valueText(figure), spreadText(figure), figure.because]),
        ),
      ),
      evaluation.neverGiven.length === 0
        ? ''
        : section('Answers that nobody was given', evaluation.neverGiven.join(', ')),
      evaluation.wrong.length === 0
        ? ''
        : section(
            'Not as expected',
            table(
              [{ head: 'conversation' }, { head: 'answers' }, { head: 'intents' }],
              evaluation.wrong.map(({ name, answers, intents }) => [name, shareText(answers), shareText(intents)]),
            ),
          ),
    ],
  });
}
