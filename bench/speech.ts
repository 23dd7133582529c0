import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { configSchema } from '../src/config.js';
import { ModelRegistry } from '../src/speech/registry.js';
import { benchRecogniser } from './speech/recogniser.js';
import { benchSynthesiser } from './speech/synthesiser.js';

/**
 * What the recogniser pool and the voice cost. The claim: with partials at most 250 ms late at p99, a core serves at least 85 % of the calls that the same model serves in a bare loop of
 * batched decoding. Both numbers are found by raising the calls, in real time, until partials come late; probes of the two take turns on the same core. The voice: delay of
 * the first clause, and calls per core beside a bare loop over the same clauses.
 *
 * `npm run -s bench:speech -- --json` prints one JSON document, progress goes to stderr; `--rounds <n>` (default 3), `--seconds <n>` of every probe (default 6),
 * `--only recogniser|synthesiser`. About 6 minutes. Run it with nothing else on the machine, or with `nice -n -15`; `load` tells what there was.
 */

const seconds = Number(option('--seconds') ?? 6);
const rounds = Number(option('--rounds') ?? 3);
const only = option('--only');
if (!Number.isInteger(seconds) || seconds < 2 || !Number.isInteger(rounds) || rounds < 1)
  throw new Error('--seconds takes a whole number from 2 on, --rounds one from 1 on');
const config = configSchema.parse({}).speech;
const registry = new ModelRegistry({ root: resolve(import.meta.dirname, '..') });
const asr = registry.choose('recognizer', 'zh-CN', config.recognizers['zh-CN'] ?? []).installed;
const tts = registry.choose('synthesizer', 'zh-CN', config.synthesizers['zh-CN'] ?? []).installed;
if (!asr || !tts) throw new Error('no Mandarin models');

const loadBefore = loadavg()[0];
const result = {
  ...(only === 'synthesiser'
    ? {}
    : { recogniser: await benchRecogniser({ model: asr.model.name, vad: config.vad, seconds, rounds }) }),
  ...(only === 'recogniser' ? {} : { synthesiser: await benchSynthesiser(tts, seconds) }),
  /** Processes that wanted to run, before and after: the bench's own two are among them. */
  load: { before: loadBefore, after: loadavg()[0] },
};
if (process.argv.includes('--json')) console.log(JSON.stringify(result, null, 2));
else console.dir(result, { depth: 5 });

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}
