import { cp, mkdir, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { FALLBACK_INTENT, loadIntentModel, trainIntentModel } from '../../../../src/nlu/index.js';
import { ModelHolder } from '../../../../src/nlu/live/model-holder.js';
import { endTrial, writeTrial } from '../../../../src/nlu/live/trial-file.js';
import { ModelFolderWatch } from '../../../../src/nlu/live/watch-folder.js';

let root: string;

async function train(name: string, words: Readonly<Record<string, readonly string[]>>): Promise<string> {
  const file = join(root, `${name}.tsv`);
  const lines = Object.entries(words).flatMap(([intent, texts]) => texts.map((text) => `${text}\t${intent}`));
  await writeFile(file, `${lines.join('\n')}\n`);
  const out = join(root, name);
  await trainIntentModel({ data: [file], out });
  return out;
}

const yes = ['yes', 'yes please', 'yeah', 'yep', 'sure yes', 'oh yes', 'yes it is', 'yes of course'];
const no = ['no', 'nope', 'no thanks', 'no way', 'oh no', 'no it is not', 'no never', 'nope no'];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'hearken-live-'));
  await train('first', { yes, no });
  await train('second', { affirm: yes, deny: no });
}, 180_000);
afterAll(() => rm(root, { recursive: true, force: true }));

describe('a running service', () => {
  it('takes a model that is put into its folder, refuses a broken one, and goes on through both', async () => {
    const first = await loadIntentModel(join(root, 'first'));
    const refused = vi.fn();
    const holder = new ModelHolder(first, first.manifest.name, { onRefused: refused });
    const live = join(root, 'data', 'live');
    const watch = await ModelFolderWatch.start(join(root, 'data'), holder);
    try {
      expect((await holder.parse('yes please')).intent.name).toBe('yes');
      // Half a copy: the manifest is there, a file is not whole.
      const half = join(root, 'half');
      await cp(join(root, 'second'), half, { recursive: true });
      await truncate(join(half, 'model.onnx'), 500);
      await mkdir(join(root, 'data'), { recursive: true });
      await rename(half, live);
      await vi.waitFor(() => expect(refused).toHaveBeenCalled(), { timeout: 60_000 });
      expect((await holder.parse('yes please')).intent.name).toBe('yes');
      await rm(live, { recursive: true });
      const copy = join(root, 'copy');
      await cp(join(root, 'second'), copy, { recursive: true });
      await rename(copy, live);
      await vi.waitFor(async () => expect((await holder.parse('yes please')).intent.name).toBe('affirm'), {
        timeout: 60_000,
      });
      expect((await holder.parse('qwrt zxcv')).intent.name).toBe(FALLBACK_INTENT);
      await writeTrial(join(root, 'data'), { folder: join(root, 'first'), share: 1 });
      const asked = () => holder.parse('yes please', { conversationId: 'call-1' });
      await vi.waitFor(async () => expect((await asked()).intent.name).toBe('yes'), { timeout: 60_000 });
      await endTrial(join(root, 'data'), 'drop');
      await vi.waitFor(async () => expect((await asked()).intent.name).toBe('affirm'), { timeout: 60_000 });
    } finally {
      await watch.close();
      await holder.close();
    }
  }, 300_000);
});
