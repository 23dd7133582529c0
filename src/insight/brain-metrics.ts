import type { Brain } from '../dialogue/brain.js';
import { asHearkenError } from '../errors.js';
import type { Metrics } from './metrics.js';

/** The same brain, watched from outside: turns by channel and outcome, and how long they took. */
export function measuredBrain(brain: Brain, metrics: Metrics): Brain {
  const turns = metrics.counter('turns_total', 'Turns of conversations, by channel and outcome', [
    'channel',
    'outcome',
  ]);
  const seconds = metrics.histogram('turn_duration_seconds', 'From the message to the stored reply', {
    labels: ['channel'],
  });
  const handle: Brain['handle'] = async (message, options) => {
    const began = performance.now();
    try {
      const result = await brain.handle(message, options);
      const outcome = result.repeated
        ? 'repeated'
        : (outcomeOf(result.actions) ?? (result.noMatch ? 'no_match' : 'ok'));
      turns.add({ channel: message.channel, outcome });
      return result;
    } catch (error) {
      turns.add({ channel: message.channel, outcome: asHearkenError(error).code.toLowerCase() });
      throw error;
    } finally {
      seconds.observe((performance.now() - began) / 1000, { channel: message.channel });
    }
  };
  // What else the brain can do stays as it is, also what is added to it later.
  return new Proxy(brain, {
    get(target, property) {
      if (property === 'handle') return handle;
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function outcomeOf(actions: readonly { readonly type: string }[]): 'transfer' | 'hangup' | undefined {
  if (actions.some((action) => action.type === 'transfer')) return 'transfer';
  return actions.some((action) => action.type === 'hangup') ? 'hangup' : undefined;
}
