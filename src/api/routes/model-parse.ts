import type { FastifyPluginAsync } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Entity, IntentModel, ParseResult } from '../../nlu/intent-model.js';
import { errorResponse } from '../schemas.js';

export interface ModelParseOptions {
  readonly intentModel: IntentModel;
}

/** Longest text that is parsed; callers never say more in one turn. */
const MAX_TEXT_CHARS = 10_000;

const bodySchema = z
  .object({
    text: z.string({ error: 'expected "text": the utterance' }).max(MAX_TEXT_CHARS),
    message_id: z.string().max(200).optional(),
    /** Ours: the slot that is being asked for, and the language. */
    expected_slot: z.string().max(200).optional(),
    language: z.string().max(20).optional(),
  })
  .meta({ examples: [{ text: '我想查一下订单' }] });

const answerSchema = z.object({ text: z.string() }).loose();

/** `POST /model/parse` in the shape of Rasa's HTTP API (https://rasa.com/docs/reference/api/pro/http-api, "Parse a message using the Rasa model"). */
export const modelParseRoute: FastifyPluginAsync<ModelParseOptions> = async (app, { intentModel }) => {
  const schema = {
    summary: "What the understanding makes of a text, in the shape of Rasa's HTTP API",
    tags: ['compatibility'],
    body: bodySchema,
    response: { 200: answerSchema, 400: errorResponse },
  };
  app.withTypeProvider<ZodTypeProvider>().post('/model/parse', { schema }, async (request) => {
    const { text, message_id: messageId, expected_slot: expectedSlot, language } = request.body;
    const result = await intentModel.parse(text, {
      ...(expectedSlot === undefined ? {} : { expectedSlot }),
      ...(language === undefined ? {} : { language }),
    });
    return toRasa(result, messageId);
  });
};

/** A parse result in Rasa's words. Retrieval intents `faq/ask_x` show as `faq`, with the whole name in `response_selector`. */
export function toRasa(result: ParseResult, messageId?: string) {
  const base = (name: string) => name.split('/')[0] ?? name;
  const ranked = (rank: { name: string; confidence: number }) => ({
    name: base(rank.name),
    confidence: rank.confidence,
  });
  const retrieval = result.ranking.filter((rank) => rank.name.includes('/'));
  return {
    text: result.text,
    ...(messageId === undefined ? {} : { message_id: messageId }),
    intent: ranked(result.intent),
    intent_ranking: result.ranking.map(ranked),
    entities: result.entities.map(toRasaEntity),
    response_selector: retrieval.length === 0 ? {} : selectors(retrieval),
    sentiment: result.sentiment,
    ...(result.urgency === undefined ? {} : { urgency: result.urgency }),
    model: result.model,
    // Beyond Rasa: several wishes in one utterance, one that is not wanted, what was taken back.
    ...(result.intents === undefined ? {} : { intents: result.intents }),
    ...(result.negated === undefined ? {} : { negated: ranked(result.negated) }),
    ...(result.correction === undefined ? {} : { correction: result.correction }),
  };
}

function toRasaEntity(entity: Entity) {
  return {
    entity: entity.entity,
    start: entity.start,
    end: entity.end,
    value: entity.value,
    confidence_entity: entity.confidence,
    ...(entity.role === undefined ? {} : { role: entity.role }),
    ...(entity.group === undefined ? {} : { group: entity.group }),
    extractor: entity.extractor,
  };
}

function selectors(ranking: readonly { name: string; confidence: number }[]) {
  const groups = new Map<string, { intent_response_key: string; confidence: number }[]>();
  for (const { name, confidence } of ranking) {
    const group = name.split('/')[0] ?? name;
    groups.set(group, [...(groups.get(group) ?? []), { intent_response_key: name, confidence }]);
  }
  return Object.fromEntries([...groups].map(([group, rows]) => [group, { response: rows[0], ranking: rows }]));
}
