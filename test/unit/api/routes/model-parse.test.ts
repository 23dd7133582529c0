import Fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { describe, expect, it } from 'vitest';
import { registerErrorHandler } from '../../../../src/api/plugins/errors.js';
import { modelParseRoute } from '../../../../src/api/routes/model-parse.js';
import type { IntentModel, ParseOptions } from '../../../../src/nlu/intent-model.js';

async function app(model: IntentModel) {
  const made = Fastify() as unknown as FastifyInstance;
  made.setValidatorCompiler(validatorCompiler);
  made.setSerializerCompiler(serializerCompiler);
  registerErrorHandler(made);
  await made.register(modelParseRoute, { intentModel: model });
  return made;
}

describe('POST /model/parse', () => {
  const asked: (ParseOptions | undefined)[] = [];
  const model: IntentModel = {
    labels: ['faq/ask_rome', 'greet'],
    parse: async (text, options) => {
      asked.push(options);
      const ranking = [
        { name: 'faq/ask_rome', confidence: 0.9 },
        { name: 'greet', confidence: 0.1 },
      ];
      const city = { entity: 'city', value: 'ROM', start: 8, end: 12, text: 'Rome', confidence: 0.8 };
      const entities = [{ ...city, role: 'destination', extractor: 'lookup' }];
      return { text, intent: { name: 'faq/ask_rome', confidence: 0.9 }, ranking, entities, sentiment: 0, model: 'm' };
    },
    close: async () => {},
  };

  it('answers in the shape of Rasa', async () => {
    const server = await app(model);
    const reply = await server.inject({
      method: 'POST',
      url: '/model/parse',
      payload: { text: 'book to Rome', message_id: 'm1' },
    });
    expect(reply.statusCode).toBe(200);
    expect(reply.json()).toMatchObject({
      text: 'book to Rome',
      message_id: 'm1',
      intent: { name: 'faq', confidence: 0.9 },
      intent_ranking: [
        { name: 'faq', confidence: 0.9 },
        { name: 'greet', confidence: 0.1 },
      ],
      entities: [
        {
          entity: 'city',
          start: 8,
          end: 12,
          value: 'ROM',
          confidence_entity: 0.8,
          role: 'destination',
          extractor: 'lookup',
        },
      ],
      response_selector: { faq: { response: { intent_response_key: 'faq/ask_rome', confidence: 0.9 } } },
    });
    await server.close();
  });

  it('passes the expected slot on', async () => {
    const server = await app(model);
    await server.inject({ method: 'POST', url: '/model/parse', payload: { text: 'x', expected_slot: 'order_number' } });
    expect(asked.at(-1)).toEqual({ expectedSlot: 'order_number' });
    await server.close();
  });

  it.each([[{}], [{ text: 5 }], [{ text: 'x'.repeat(10_001) }], [[]]])(
    'refuses what is no request: %#',
    async (payload) => {
      const server = await app(model);
      const reply = await server.inject({ method: 'POST', url: '/model/parse', payload });
      expect(reply.statusCode).toBe(400);
      expect(reply.json()).toMatchObject({ code: 'REQUEST_INVALID' });
      await server.close();
    },
  );
});
