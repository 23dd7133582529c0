import { describe, expect, it } from 'vitest';
import { graphFor } from '../../../src/call/question-graph.js';

describe('what is listened for while a question is open', () => {
  it.each([
    [{ type: 'order_number', minLength: 4, maxLength: 8 }, 'digits'],
    [{ type: 'confirm', maxLength: 1 }, 'confirm'],
    [{ type: 'open', minLength: 1, maxLength: 1 }, 'confirm'],
    [{ type: 'email', slot: 'invoice_email' }, 'email'],
    [{ type: 'text', slot: 'city' }, 'general'],
    [{ type: 'open' }, 'general'],
  ] as const)('%o: %s', (expectation, graph) => {
    expect(graphFor(expectation)).toBe(graph);
  });
});
