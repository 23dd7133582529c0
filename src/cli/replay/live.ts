import { messageOf } from '../../errors.js';
import { type CallReport, formatCall } from '../../replay/call-report.js';
import { findRecordings } from '../../replay/recordings/find-recordings.js';
import { callWithRecording } from '../call.js';

export interface LiveOptions {
  readonly to: string;
  readonly service: string;
  readonly timing: 'auto' | 'recorded' | 'answer';
  readonly json?: boolean;
}

/** Real calls at real speed, one after another, over a bridge that runs: what the virtual line leaves out (network, pacing, load) is in it. */
export async function replayLive(paths: readonly string[], { to, service, timing, json }: LiveOptions): Promise<void> {
  const abort = new AbortController();
  process.once('SIGINT', () => abort.abort());
  const calls: CallReport[] = [];
  const failed: { readonly file: string; readonly reason: string }[] = [];
  for (const { path } of findRecordings(paths)) {
    if (abort.signal.aborted) break;
    process.stderr.write(`${path}\n`);
    try {
      const call = await callWithRecording(path, {
        to,
        from: 'replay',
        host: '127.0.0.1',
        service,
        record: undefined,
        straight: timing === 'recorded',
        longestMs: 600_000,
        signal: abort.signal,
        onProgress: (text) => void process.stderr.write(`… ${text}\n`),
      });
      calls.push(call);
      if (!json) process.stdout.write(`${formatCall(call)}\n\n`);
    } catch (error) {
      failed.push({ file: path, reason: messageOf(error) });
      process.stderr.write(`${path}: ${messageOf(error)}\n`);
    }
  }
  if (json) process.stdout.write(`${JSON.stringify({ calls, failed }, null, 2)}\n`);
  if (failed.length > 0) process.exitCode = 1;
}
