import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { grammarCommand } from '../../../../src/cli/grammar.js';
import { readFst } from '../../../../src/speech/grammar/fst.js';

const root = resolve(import.meta.dirname, '../../../..');
const model = join(root, 'models/asr-zh-phone');

/** Decodes silence over a graph in a process of its own: sherpa-onnx ends its process on a graph it cannot read. */
const DECODE = `
const sherpa = require('sherpa-onnx-node');
const [model, graph] = process.argv.slice(1);
const r = new sherpa.OnlineRecognizer({ modelConfig: { nemoCtc: { model: model + '/model.onnx' }, tokens: model + '/tokens.txt', numThreads: 1 },
  ctcFstDecoderConfig: { graph, maxActive: 500 } });
const s = r.createStream();
s.acceptWaveform({ samples: new Float32Array(16000), sampleRate: 16000 });
while (r.isReady(s)) r.decode(s);
console.log(JSON.stringify({ text: r.getResult(s).text.trim() }));
`;

describe.skipIf(!existsSync(join(model, 'units.json')))('hearken grammar (needs models/asr-zh-phone)', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hearken-grammar-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...args: string[]): Promise<unknown> => grammarCommand().parseAsync(args, { from: 'user' });

  it('builds the graphs of the sample application for each built-in recogniser, which load them', {
    timeout: 60_000,
  }, async () => {
    await run('build', join(root, 'apps/retail'), '--out', folder);
    const english = JSON.parse(readFileSync(join(folder, 'asr-en-phone/graphs.json'), 'utf8'));
    expect(english.model).toBe('asr-en-phone');
    expect(Object.keys(english.files)).toEqual(['general.fst', 'digits.fst', 'confirm.fst']);
    const listed = JSON.parse(readFileSync(join(folder, 'graphs.json'), 'utf8'));
    expect(listed.model).toBe('asr-zh-phone');
    // It asks for an e-mail address once.
    for (const name of ['general.fst', 'digits.fst', 'confirm.fst', 'email.fst']) {
      const graph = readFst(readFileSync(join(folder, name)));
      expect(graph.arcs.length).toBe(listed.files[name].states);
      expect(graph.final.findIndex((cost) => !Number.isFinite(cost))).toBe(-1);
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', DECODE, model, join(folder, name)], {
        cwd: root,
        timeout: 15_000,
      });
      expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({ text: '' });
    }
    // The one that ships is what its source says: addresses are said alike in every application.
    expect(readFileSync(join(folder, 'email.fst')).equals(readFileSync(join(model, 'email.fst')))).toBe(true);
  });

  it('builds the same bytes from the same files', async () => {
    const app = join(folder, 'app');
    cpSync(join(root, 'apps/retail/nlu/zh.yml'), join(app, 'nlu/zh.yml'), { recursive: true });
    writeFileSync(join(folder, 'email.fst'), 'of an older build');
    cpSync(join(folder, 'email.fst'), join(folder, 'a/email.fst'), { recursive: true });
    await run('build', app, '--model', model, '--out', join(folder, 'a'));
    // This one has no slots at all.
    expect(existsSync(join(folder, 'a/email.fst'))).toBe(false);
    await run('build', app, '--model', model, '--out', join(folder, 'b'));
    expect(readFileSync(join(folder, 'a/graphs.json'), 'utf8')).toBe(
      readFileSync(join(folder, 'b/graphs.json'), 'utf8'),
    );
  }, 180_000);

  it('builds a closed grammar from a list of phrases', async () => {
    writeFileSync(join(folder, 'list.txt'), '# choices\n查订单\n转人工\n订单号<digits>\n');
    await run('phrases', join(folder, 'list.txt'), '--model', model, '--out', join(folder, 'list.fst'));
    expect(readFst(readFileSync(join(folder, 'list.fst'))).arcs.length).toBeGreaterThan(20);
  });

  it('says which model folder lacks what', async () => {
    await expect(run('build', join(root, 'apps/retail'), '--model', folder, '--out', folder)).rejects.toThrow(
      /units.json/,
    );
  });
});
