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
  readonly figures: readonly Figure[];
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
  }: { readonly seed?: number; readonly labelled: boolean; readonly responseOf: string },
): Evaluation {
  const share = (of: (each: JudgedConversation) => Share | null): Estimate | null =>
    estimateShare(
      conversations.map((each) => of(each) ?? { part: 0, of: 0 }),
      { seed },
    ) ?? null;
  const yes = (value: boolean): Share => ({ part: value ? 1 : 0, of: 1 });
  const unlabelled = 'a log does not say what the right one would have been; conversation tests do';
  const delays = conversations.map(({ responseMs }) => responseMs);
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
      label: 'answers from knowledge',
      unit: '%',
      value: null,
      because: 'there is no knowledge base: all answers come from rules, flows and actions',
    },
    {
      key: 'intentAccuracy',
      label: 'intents right',
      unit: '%',
      value: share(({ intents }) => intents),
      because: labelled
        ? 'where a test names the intent (intent: beside user:); `hearken nlu` judges them by the training data'
        : unlabelled,
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
  return { format: 1, source, conversations: conversations.length, figures, wrong };
}

function valueText({ value, unit }: Figure): string {
  if (!value) return '-';
  return unit === '' ? value.value.toFixed(1) : figureText(value, unit);
}

function spreadText({ value, unit }: Figure): string {
  if (!value) return '';
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
    ...(more > 0 ? [`  … and ${more} more: --json shows all.`] : []),
    '',
  ].join('\n');
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
