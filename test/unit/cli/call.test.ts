import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root, TestProcess } from '../../support/processes.js';

describe('hearken call', () => {
  it('is stopped by Ctrl+C while it rings, without a word of failure', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearken-call-cli-'));
    // Somebody who hears it ring and does nothing.
    const silent = createSocket('udp4').bind(0, '127.0.0.1');
    const rings = once(silent, 'message', { signal: AbortSignal.timeout(60_000) });
    await once(silent, 'listening');
    const call = new TestProcess({
      command: process.execPath,
      args: [
        ...[join(root, 'dist/cli/run.js'), 'call', join(root, 'audio/calls/human.wav')],
        ...['--to', `sip:nobody@127.0.0.1:${silent.address().port}`, '--record', join(folder, 'call.wav')],
      ],
    });
    try {
      await rings;
      call.kill('SIGINT');
      await call.exited();
      expect(call.exitCode, call.output).toBe(130);
      expect(call.output).not.toContain('did not take the call');
    } finally {
      await call.stop();
      silent.close();
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);
});
