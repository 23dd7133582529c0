import { describe, expect, it } from 'vitest';
import type { IntentModel, ParseResult } from '../../../../src/nlu/intent-model.js';
import { ModelHolder, type ProvableModel } from '../../../../src/nlu/live/model-holder.js';
import { FakeIntentModel } from '../../../../src/testing/fake-intent-model.js';

function gate() {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** A model whose parse waits until it is let go. */
class SlowModel extends FakeIntentModel {
  readonly started = gate();
  readonly gate = gate();
  override async parse(text: string): Promise<ParseResult> {
    this.started.resolve();
    await this.gate.promise;
    return super.parse(text);
  }
}

const provable = (model: IntentModel, smokeSet: ProvableModel['smokeSet']): ProvableModel =>
  Object.assign(model, { smokeSet }) as ProvableModel;

describe('the live model', () => {
  it('a new model answers after the swap and the old one is closed', async () => {
    const released: string[] = [];
    const old = new FakeIntentModel({ hi: 'greet' }, 'old');
    const holder = new ModelHolder(old, 'old', { onReleased: ({ model }) => released.push(model) });
    const next = provable(new FakeIntentModel({ hi: 'hello' }, 'next'), [{ text: 'hi', intent: 'hello' }]);
    expect(
      await holder.swap(
        'folder',
        async () => next,
        () => 'next',
      ),
    ).toBe(true);
    expect((await holder.parse('hi')).model).toBe('next');
    expect(old.closed).toBe(true);
    expect(released).toEqual(['old']);
  });

  it('a turn under way ends on the model it began with, and only then is that model released', async () => {
    const old = new SlowModel({ hi: 'greet' }, 'old');
    const holder = new ModelHolder(old, 'old');
    const turn = holder.parse('hi');
    await old.started.promise;
    const next = new FakeIntentModel({ hi: 'hello' }, 'next');
    expect(
      await holder.swap(
        'folder',
        async () => next,
        () => 'next',
      ),
    ).toBe(true);
    expect(old.closed).toBe(false);
    expect((await holder.parse('hi')).model).toBe('next');
    old.gate.resolve();
    expect((await turn).model).toBe('old');
    expect(old.closed).toBe(true);
  });

  it('a model that fails its own smoke set is refused, closed, and the old one stays', async () => {
    const refused: string[] = [];
    const holder = new ModelHolder(new FakeIntentModel({ hi: 'greet' }, 'old'), 'old', {
      onRefused: ({ reason }) => refused.push(reason),
    });
    const bad = provable(new FakeIntentModel({ hi: 'wrong' }, 'bad'), [{ text: 'hi', intent: 'hello' }]);
    expect(
      await holder.swap(
        'folder',
        async () => bad,
        () => 'bad',
      ),
    ).toBe(false);
    expect((bad as unknown as FakeIntentModel).closed).toBe(true);
    expect((await holder.parse('hi')).model).toBe('old');
    expect(refused[0]).toContain('smoke set');
  });

  it('a model that cannot be loaded is refused', async () => {
    const holder = new ModelHolder(new FakeIntentModel({}, 'old'), 'old');
    expect(
      await holder.swap(
        'folder',
        () => Promise.reject(new Error('cut short')),
        () => 'x',
      ),
    ).toBe(false);
    expect(holder.current).toBe('old');
  });

  it('a trial answers its share of the conversations, each conversation always the same', async () => {
    const holder = new ModelHolder(new FakeIntentModel({}, 'a'), 'a');
    await holder.startTrial(
      'folder',
      0.3,
      async () => new FakeIntentModel({}, 'b'),
      () => 'b',
    );
    const by = async (conversationId: string) => (await holder.parse('x', { conversationId })).model;
    const answers = await Promise.all(Array.from({ length: 2000 }, (_, index) => by(`call-${index}`)));
    const share = answers.filter((name) => name === 'b').length / answers.length;
    expect(share).toBeGreaterThan(0.26);
    expect(share).toBeLessThan(0.34);
    for (let index = 0; index < 20; index++) expect(await by(`call-${index}`)).toBe(answers[index]);
    expect((await holder.parse('x')).model).toBe('a');
    await holder.endTrial('adopt');
    expect(await by('call-1')).toBe('b');
    expect(holder.trial).toBeUndefined();
  });
});
