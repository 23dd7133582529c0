import { z } from 'zod';
import type { TurnView } from './persona.js';

const turnSchema = z.object({
  type: z.literal('turn'),
  input: z.object({ type: z.string(), text: z.string().optional() }),
  intent: z.object({ name: z.string() }).optional(),
  noMatch: z.boolean().default(false),
  actions: z.array(
    z.object({
      type: z.string(),
      text: z.string().optional(),
      expectation: z.object({ slot: z.string().optional(), type: z.string() }).optional(),
    }),
  ),
});
const recordSchema = z.object({ id: z.string(), events: z.array(z.unknown()) });

export type RecordedView = Omit<TurnView, 'responseMs'>;

/** The turns of a call so far, from the service's record of it. Rejects when the service can't be asked; a call it does not know yet has none. */
export async function fetchSimulatedTurns(
  serviceUrl: string,
  callId: string,
): Promise<{ readonly id: string; readonly turns: readonly RecordedView[] }> {
  const response = await fetch(new URL(`/api/calls/${encodeURIComponent(callId)}`, serviceUrl), {
    signal: AbortSignal.timeout(5000),
  });
  if (response.status === 404) return { id: '', turns: [] };
  if (!response.ok) throw new Error(`the record of the call was refused with ${response.status}`);
  const { id, events } = recordSchema.parse(await response.json());
  return {
    id,
    turns: events.flatMap((event) => {
      const parsed = turnSchema.safeParse(event);
      return parsed.success ? [viewOf(parsed.data)] : [];
    }),
  };
}

function viewOf({ input, intent, noMatch, actions }: z.infer<typeof turnSchema>): RecordedView {
  const expectation = actions.findLast(({ type }) => type === 'expect')?.expectation;
  const end = actions.find(({ type }) => type === 'hangup' || type === 'transfer')?.type;
  return {
    texts: actions.flatMap(({ type, text }) => (type === 'say' && text !== undefined ? [text] : [])),
    slot: expectation?.slot,
    confirms: expectation?.type === 'confirm',
    noMatch,
    intent: intent?.name,
    heard: input.text,
    ended: end === 'hangup' || end === 'transfer' ? end : undefined,
  };
}
