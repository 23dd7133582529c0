import type { LineQuality } from '../media/session.js';
import type { RecordedEvent } from './record.js';

/** How the line of a recorded call was, as the bridge told last; undefined when nobody did (a call from the web, another platform). */
export function lineQuality(events: readonly RecordedEvent[]): LineQuality | undefined {
  const last = events.findLast(({ type }) => type === 'quality');
  if (!last) return undefined;
  const { atMs: _atMs, type: _type, ...quality } = last;
  return isQuality(quality) ? quality : undefined;
}

/** One line for people. */
export function formatLineQuality(quality: LineQuality): string {
  const ms = (value: number): string => `${Math.round(value)} ms`;
  const parts = [
    `${quality.lossPercent.toFixed(1)} % of ${quality.receivedPackets} packets lost`,
    ...(quality.remoteLossPercent === undefined ? [] : [`${quality.remoteLossPercent.toFixed(1)} % on the way back`]),
    `jitter ${ms(quality.jitterMs)}`,
    ...(quality.roundTripMs === undefined ? [] : [`round trip ${ms(quality.roundTripMs)}`]),
    ...(quality.concealedFrames ? [`${ms(quality.concealedFrames * 20)} made up`] : []),
    ...(quality.encrypted ? ['encrypted'] : []),
  ];
  return `Line${quality.codec === undefined ? '' : ` (${quality.codec})`}: ${parts.join(', ')}`;
}

function isQuality(value: Readonly<Record<string, unknown>>): value is Readonly<Record<string, unknown>> & LineQuality {
  return ['lossPercent', 'receivedPackets', 'jitterMs'].every((name) => typeof value[name] === 'number');
}
