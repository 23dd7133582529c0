import type { ReplayedCall, ReplayedRecording, ReplayedTurn } from '../result.js';

/** One thing that is not as before. */
export interface Change {
  /** The turn (of the call before, or of the one after where there was none before); null: of the whole recording. */
  readonly turn: number | null;
  readonly what:
    | 'heard'
    | 'intent'
    | 'slots'
    | 'reply'
    | 'end of turn'
    | 'cut'
    | 'not understood'
    | 'turn added'
    | 'turn gone'
    | 'outcome'
    | 'barge-in'
    | 'transfer'
    | 'problem'
    | 'failed';
  readonly before: string;
  readonly after: string;
}

/** The end of a turn that moves by less stays the same: it is the grid on which frames come. */
const SAME_END_MS = 40;

/** What changed between two replays of one recording, turn by turn; empty when nothing did. */
export function diffRecordings(before: ReplayedRecording, after: ReplayedRecording): readonly Change[] {
  if (before.kind === 'failed' || after.kind === 'failed') {
    const [was, is] = [before, after].map((each) => (each.kind === 'failed' ? each.reason : 'replayed'));
    return was === is ? [] : [change(null, 'failed', was ?? '', is ?? '')];
  }
  if (before.kind !== 'call' || after.kind !== 'call')
    return before.heard === after.heard ? [] : [change(null, 'heard', before.heard, after.heard)];
  return diffCalls(before, after);
}

function diffCalls(before: ReplayedCall, after: ReplayedCall): readonly Change[] {
  const changes: Change[] = [];
  for (const [was, is] of pairTurns(before.turns, after.turns)) {
    if (was && is) changes.push(...diffTurn(was, is));
    else if (was) changes.push(change(was.turnId, 'turn gone', describe(was), ''));
    else if (is) changes.push(change(is.turnId, 'turn added', '', describe(is)));
  }
  const decisions = (call: ReplayedCall): string =>
    call.bargeIns.map(({ decision, text }) => (text === '' ? decision : `${decision} (${text})`)).join(', ');
  if (decisions(before) !== decisions(after))
    changes.push(change(null, 'barge-in', decisions(before), decisions(after)));
  if (before.outcome !== after.outcome) changes.push(change(null, 'outcome', before.outcome, after.outcome));
  if (before.transferReason !== after.transferReason)
    changes.push(change(null, 'transfer', before.transferReason ?? 'none', after.transferReason ?? 'none'));
  const problems = (call: ReplayedCall): string => call.problems.join('; ');
  if (problems(before) !== problems(after)) changes.push(change(null, 'problem', problems(before), problems(after)));
  return changes;
}

function diffTurn(was: ReplayedTurn, is: ReplayedTurn): readonly Change[] {
  const { turnId } = was;
  const changes: Change[] = [];
  const compare = (what: Change['what'], before: string, after: string): void => {
    if (before !== after) changes.push(change(turnId, what, before, after));
  };
  compare('heard', was.heard, is.heard);
  compare('intent', was.intent ?? '', is.intent ?? '');
  compare('slots', JSON.stringify(was.slots), JSON.stringify(is.slots));
  compare('reply', was.reply, is.reply);
  compare('not understood', String(was.noMatch), String(is.noMatch));
  const [cutBefore, cutAfter] = [was.end?.cut ?? false, is.end?.cut ?? false];
  compare('cut', String(cutBefore), String(cutAfter));
  const [endBefore, endAfter] = [was.end?.delayMs, is.end?.delayMs];
  if (endBefore != null && endAfter != null && Math.abs(endBefore - endAfter) > SAME_END_MS)
    changes.push(
      change(turnId, 'end of turn', `${endBefore} ms (${was.end?.reason})`, `${endAfter} ms (${is.end?.reason})`),
    );
  return changes;
}

type Pair = readonly [ReplayedTurn | undefined, ReplayedTurn | undefined];

/** The turns that belong to each other: in order, paired by what was put in where that fits, with as few left over as can be. */
export function pairTurns(before: readonly ReplayedTurn[], after: readonly ReplayedTurn[]): readonly Pair[] {
  const width = after.length + 1;
  const cost = Array.from({ length: (before.length + 1) * width }, () => 0);
  const at = (row: number, column: number): number => cost[row * width + column] ?? 0;
  for (let row = 0; row <= before.length; row++) {
    for (let column = 0; column <= after.length; column++) {
      if (row === 0 || column === 0) {
        cost[row * width + column] = (row + column) * ALONE;
        continue;
      }
      cost[row * width + column] = Math.min(
        at(row - 1, column - 1) + unlike(before[row - 1], after[column - 1]),
        at(row - 1, column) + ALONE,
        at(row, column - 1) + ALONE,
      );
    }
  }
  const pairs: Pair[] = [];
  let row = before.length;
  let column = after.length;
  while (row > 0 || column > 0) {
    const here = at(row, column);
    if (row > 0 && column > 0 && at(row - 1, column - 1) + unlike(before[row - 1], after[column - 1]) === here)
      pairs.push([before[--row], after[--column]]);
    else if (row > 0 && at(row - 1, column) + ALONE === here) pairs.push([before[--row], undefined]);
    else pairs.push([undefined, after[--column]]);
  }
  return pairs.reverse();
}

const ALONE = 2;

/** Turns of different kinds never pair; of the same kind better when the same was said. */
function unlike(left: ReplayedTurn | undefined, right: ReplayedTurn | undefined): number {
  if (!left || !right || left.input !== right.input) return 2 * ALONE + 1;
  if (left.said !== null || right.said !== null) return left.said === right.said ? 0 : 1.5;
  return left.heard === right.heard ? 0 : 1;
}

function describe({ input, heard, reply }: ReplayedTurn): string {
  return `${input === 'text' ? heard : `[${input}] ${heard}`} → ${reply}`;
}

function change(turn: number | null, what: Change['what'], before: string, after: string): Change {
  return { turn, what, before, after };
}
