import { describe, expect, it } from 'vitest';
import type { Brain } from '../../../src/dialogue/brain.js';
import { HearkenError } from '../../../src/errors.js';
import { measuredBrain } from '../../../src/insight/brain-metrics.js';
import { Metrics } from '../../../src/insight/metrics.js';

describe('the metrics', () => {
  it('are shown in the form that Prometheus reads, with their prefix', async () => {
    const metrics = new Metrics();
    metrics.counter('turns_total', 'turns', ['channel']).add({ channel: 'text' }, 2);
    metrics.histogram('wait_seconds', 'wait', { buckets: [0.1, 1] }).observe(0.5);
    metrics.gauge('up', 'up').set(1);
    let live = 3;
    metrics.watch('calls_live', 'calls', () => live);
    live = 4;
    const text = await metrics.text();
    expect(text).toContain('hearken_turns_total{channel="text"} 2');
    expect(text).toContain('hearken_wait_seconds_bucket{le="1"} 1');
    expect(text).toContain('hearken_up 1');
    expect(text).toContain('hearken_calls_live 4');
  });

  it('are the same for two rooms that ask for one name', async () => {
    const metrics = new Metrics();
    metrics.counter('x_total', 'x').add();
    metrics.counter('x_total', 'x').add();
    metrics.watch('y', 'y', () => 1);
    metrics.watch('y', 'y', () => 2);
    expect(await metrics.text()).toContain('hearken_x_total 2');
    expect(await metrics.text()).toContain('hearken_y 1');
  });

  it('never throw into what they measure', async () => {
    const metrics = new Metrics();
    metrics.counter('a_total', 'a', ['k']).add({ other: 'x' });
    metrics.counter('a_total', 'a', ['k']).add({ k: 'x' }, -1);
    metrics.watch('b', 'b', () => {
      throw new Error('gone');
    });
    expect(await metrics.text()).toContain('hearken_b 0');
  });
});

describe('a watched brain', () => {
  it('is counted by channel and outcome, also when it fails, and stays itself otherwise', async () => {
    const metrics = new Metrics();
    class Own implements Partial<Brain> {
      readonly #language = 'zh-CN';
      fail = false;
      get languages(): readonly string[] {
        return [this.#language];
      }
      async handle(): ReturnType<Brain['handle']> {
        if (this.fail) throw new HearkenError('STORE_UNAVAILABLE', 'away');
        return {
          conversationId: 'c',
          messageId: 'm',
          language: this.#language,
          actions: [],
          noMatch: false,
          repeated: false,
          slots: {},
        };
      }
    }
    const own = new Own();
    const brain = measuredBrain(own as unknown as Brain, metrics);
    const message = {
      conversationId: 'c',
      messageId: 'm',
      channel: 'voice',
      input: { type: 'dtmf', digits: '1' },
    } as const;
    await brain.handle(message);
    own.fail = true;
    await expect(brain.handle(message)).rejects.toThrow('away');
    expect(brain.languages).toEqual(['zh-CN']);
    const text = await metrics.text();
    expect(text).toContain('hearken_turns_total{channel="voice",outcome="ok"} 1');
    expect(text).toContain('hearken_turns_total{channel="voice",outcome="store_unavailable"} 1');
    expect(text).toContain('hearken_turn_duration_seconds_count{channel="voice"} 2');
  });
});
