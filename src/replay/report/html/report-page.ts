import type { ReplayedCall, ReplayedTurn } from '../../result.js';
import type { RecognitionScore } from '../../score/score-recording.js';
import { percentile } from '../../statistics/bootstrap.js';
import type { ReplayReport, ReportedRecording } from '../report.js';
import { estimateOf, FIGURES, figureText, rangeText } from '../table.js';
import { barChart, histogram, milliseconds, percent, stackChart } from './charts.js';
import { html, type Markup, type Piece } from './markup.js';
import { cards, fold, page, section, table } from './page.js';

/** Recordings that are shown one by one; all are in the JSON report. */
const MOST_SHOWN = 2000;

/** The report as a page in one file. */
export function reportPage(report: ReplayReport): string {
  const { setup, totals, failed, complete, timing } = report;
  const calls = report.recordings.flatMap((recording) => (recording.kind === 'call' ? [recording] : []));
  return page({
    title: 'Replay',
    lead: html`${setup.application === null ? 'Recognition only' : `Application ${setup.application}`}. ${setup.models.map(({ role, name }) => `${role}: ${name}`).join(', ')}. Setup ${setup.checksum.slice(0, 12)}.`,
    body: [
      complete
        ? ''
        : html`<p class="bad">Stopped before the end: ${report.recordings.length + failed.length} of ${report.planned} recordings.</p>`,
      cards(
        FIGURES.flatMap(({ key, label, unit }) => {
          const estimate = estimateOf(totals, key);
          return estimate ? [{ label, value: figureText(estimate, unit), note: rangeText(estimate, unit) }] : [];
        }),
      ),
      failed.length === 0
        ? ''
        : section(
            'Could not be replayed',
            table(
              [{ head: 'recording' }, { head: 'why' }, { head: 'what to do' }],
              failed.map(({ file, reason, hint }) => [file, reason, hint ?? '']),
            ),
          ),
      sources(report),
      calls.length === 0 ? '' : callCharts(report, calls),
      section('Recordings', [
        html`<p class="soft">What is most worth a look comes first. In the words: <mark>heard</mark> instead of what was said (point at it), <del>missed</del>, <ins>not said</ins>.</p>`,
        worstFirst(report.recordings).slice(0, MOST_SHOWN).map(recordingFold),
      ]),
      report.recordings.length > MOST_SHOWN
        ? html`<p class="soft">The JSON report has all ${report.recordings.length}.</p>`
        : '',
      section(
        'Measured',
        html`<p>${report.recordings.length} recordings in ${(timing.wallMs / 1000).toFixed(1)} s (${timing.resumed} of them had been replayed before); ${timing.audioHoursPerMinute.toFixed(2)} hours of audio a minute, real-time factor ${timing.realTimeFactor}. Begun ${timing.startedAt}. Everything above is virtual time and comes out the same each time.</p>`,
      ),
    ],
  });
}

function sources({ bySource }: ReplayReport): Piece {
  const scored = bySource.filter(({ totals }) => totals.cer);
  if (bySource.length < 2 && scored.length === 0) return '';
  return section('By source', [
    scored.length === 0
      ? ''
      : barChart(
          scored.map(({ source, task, language, trainedOn, totals }) => ({
            label: [source, task, language, trainedOn ? '(trained on)' : ''].filter(Boolean).join(' '),
            value: totals.cer?.value ?? 0,
            low: totals.cer?.low ?? 0,
            high: totals.cer?.high ?? 0,
            tone: trainedOn ? ('mid' as const) : ('a' as const),
          })),
          { title: 'Character errors with 95 % intervals', format: percent },
        ),
    table(
      [
        { head: 'source' },
        { head: 'task' },
        { head: 'language' },
        { head: 'graph' },
        { head: 'recordings', numeric: true },
        { head: 'CER', numeric: true },
        { head: '95 %', numeric: true },
        { head: 'WER', numeric: true },
        { head: '' },
      ],
      bySource.map(({ source, task, language, graph, trainedOn, totals: { recordings, cer, wer } }) => [
        source,
        task ?? '',
        language,
        graph ?? 'by question',
        recordings,
        cer ? figureText(cer, '%') : '–',
        cer ? rangeText(cer, '%') : '',
        wer ? figureText(wer, '%') : '–',
        trainedOn ? html`<span class="mid">trained on</span>` : '',
      ]),
    ),
  ]);
}

function callCharts({ totals }: ReplayReport, calls: readonly ReplayedCall[]): Markup {
  const { outcomes, bargeIns } = totals;
  const turns = calls.flatMap((call) => call.turns);
  const delays = turns.flatMap(({ end }) => (end?.delayMs == null ? [] : [end.delayMs]));
  return html`${section('Calls', [
    stackChart(
      [
        { label: 'contained', value: outcomes.contained, tone: 'good' },
        { label: 'transferred', value: outcomes.transferred, tone: 'a' },
        { label: 'abandoned', value: outcomes.abandoned, tone: 'mid' },
        { label: 'failed', value: outcomes.failed, tone: 'bad' },
      ],
      { title: 'How calls ended', format: String },
    ),
    delays.length === 0
      ? ''
      : histogram(delays, { title: 'End of turn after the last word', format: milliseconds, max: 2000 }),
    stagesChart(turns),
    Object.values(bargeIns).every((count) => count === 0)
      ? html`<p class="soft">Nobody talked over the bot.</p>`
      : html`<p class="soft">Barge-in: ${bargeIns.pause} pauses, ${bargeIns.stop} stops, ${bargeIns.resume} resumed, ${bargeIns.echo} echoes of the bot's own voice.</p>`,
  ])}`;
}

function stagesChart(turns: readonly ReplayedTurn[]): Piece {
  const byStage = new Map<string, number[]>();
  for (const { stages } of turns)
    for (const { stage, ms } of stages) byStage.set(stage, [...(byStage.get(stage) ?? []), ms]);
  if (byStage.size === 0) return '';
  return barChart(
    [...byStage].map(([label, values]) => ({
      label,
      value: percentile(values, 0.5),
      low: percentile(values, 0.05),
      high: percentile(values, 0.95),
    })),
    { title: 'Stages of a turn in virtual time: median, 5 % to 95 %', format: milliseconds },
  );
}

/** Failed and abandoned calls, then by what went wrong in them. */
function worstFirst(recordings: readonly ReportedRecording[]): readonly ReportedRecording[] {
  const trouble = (recording: ReportedRecording): number => {
    const { recognition, cuts, late, unheard, intents, slots, bargeIns } = recording.score;
    const outcome = recording.kind === 'call' ? { failed: 100, abandoned: 20 }[recording.outcome as string] : 0;
    const wrong = [intents, slots, bargeIns].reduce((sum, { part, of }) => sum + of - part, 0);
    return (outcome ?? 0) + 5 * (wrong + cuts.part + unheard.part) + late.part + 10 * (errorsOf(recognition) ?? 0);
  };
  return recordings
    .map((recording) => ({ recording, weight: trouble(recording) }))
    .sort((left, right) => right.weight - left.weight || (left.recording.file < right.recording.file ? -1 : 1))
    .map(({ recording }) => recording);
}

function recordingFold(recording: ReportedRecording): Markup {
  const { score, file } = recording;
  const cer = errorsOf(score.recognition);
  const outcome = recording.kind === 'call' ? recording.outcome : undefined;
  const facts: readonly (readonly [tone: string, text: string])[] = [
    outcome === undefined
      ? ['soft', recording.kind === 'recognition' ? `graph ${recording.graph}` : '']
      : [outcome === 'failed' ? 'bad' : outcome === 'abandoned' ? 'mid' : 'soft', outcome],
    [cer === undefined || cer === 0 ? 'soft' : 'mid', cer === undefined ? '' : `CER ${percent(cer)}`],
    ['bad', score.cuts.part > 0 ? `${score.cuts.part} cut` : ''],
    ['mid', score.late.part > 0 ? `${score.late.part} late` : ''],
    ['bad', score.unheard.part > 0 ? `${score.unheard.part} not taken up` : ''],
    ['soft', recording.trainedOn ? 'trained on' : ''],
  ];
  const shown = facts.filter(([, text]) => text !== '');
  return fold(html`${file} ${shown.map(([tone, text]) => html`<span class="fact ${tone}">${text}</span> `)}`, [
    html`<p class="soft">${(recording.audioMs / 1000).toFixed(1)} s, ${recording.language}, channel ${recording.channel.index} of ${recording.channel.of} (${recording.channel.because})</p>`,
    score.recognition
      ? alignmentLine(score.recognition)
      : html`<p>${recording.heard === '' ? html`<span class="soft">nothing was heard</span>` : recording.heard}</p>`,
    recording.kind === 'call' ? turnsTable(recording) : '',
  ]);
}

/** Character errors as a share; undefined where nothing was compared. */
function errorsOf(score: RecognitionScore | null): number | undefined {
  if (!score || score.characters.units === 0) return undefined;
  const { substitutions, deletions, insertions, units } = score.characters;
  return (substitutions + deletions + insertions) / units;
}

/** What was said, with what was heard instead, what was missed, and what was made up. */
export function alignmentLine({ alignment }: RecognitionScore): Markup {
  const space = alignment.some(([said]) => said !== null && said.length > 1) ? ' ' : '';
  return html`<p>${alignment.map(([said, heard]) => {
    if (said === heard) return html`${said}${space}`;
    if (said === null) return html`<ins title="was not said">${heard}</ins>${space}`;
    if (heard === null) return html`<del title="was missed">${said}</del>${space}`;
    return html`<mark title="${`said: ${said}`}">${heard}</mark>${space}`;
  })}</p>`;
}

/** What was said over the bot, and what it did. */
function overBotLines({ said }: ReplayedCall): Piece {
  return said.flatMap(({ fromMs, text, keys, overBot }) => {
    if (!overBot) return [];
    const { shouldStop, stopped, afterMs } = overBot;
    const wrong = shouldStop !== null && shouldStop !== stopped;
    const did = stopped ? `the bot stopped after ${afterMs} ms` : 'the bot went on';
    return [
      html`<p class="${wrong ? 'bad' : 'soft'}">${(fromMs / 1000).toFixed(1)} s over the bot: ${text ?? keys ?? 'a sound'}; ${did}${wrong ? `, and should${shouldStop ? '' : ' not'} have stopped` : ''}</p>`,
    ];
  });
}

function turnsTable(call: ReplayedCall): Markup {
  const { turns, bargeIns, problems, durationMs, timing } = call;
  const rows = turns.map(({ atMs, input, heard, said, intent, expectedIntent, reply, end, responseMs }) => [
    `${(atMs / 1000).toFixed(1)}`,
    input === 'text' ? heard : html`<span class="soft">[${input}] ${heard}</span>`,
    said === null ? '' : said === heard ? html`<span class="soft" title="the same">=</span>` : said,
    expectedIntent !== null && expectedIntent !== intent
      ? html`<span class="bad">${intent ?? '–'} (wanted ${expectedIntent})</span>`
      : (intent ?? ''),
    end
      ? html`<span class="${end.cut ? 'bad' : 'soft'}">${end.cut ? 'cut' : end.delayMs === null ? '' : `${end.delayMs} ms`} ${end.reason}</span>`
      : '',
    responseMs === null ? '' : `${responseMs} ms`,
    reply,
  ]);
  return html`${table(
    [
      { head: 's', numeric: true },
      { head: 'heard' },
      { head: 'said' },
      { head: 'intent' },
      { head: 'end of turn' },
      { head: 'response', numeric: true },
      { head: 'reply' },
    ],
    rows,
  )}${bargeIns.length === 0 ? '' : html`<p>Barge-in: ${bargeIns.map(({ atMs, decision, text }) => `${(atMs / 1000).toFixed(1)} s ${decision}${text === '' ? '' : ` (${text})`}`).join(', ')}</p>`}${overBotLines(call)}${problems.map((problem) => html`<p class="bad">${problem}</p>`)}<p class="soft">${timing} timing, ${(durationMs / 1000).toFixed(1)} s of virtual time</p>`;
}
