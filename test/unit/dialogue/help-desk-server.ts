import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The action server of the Rasa project `help-desk`: Rasa's protocol, kept as small as rasa_sdk's own examples are. */
export async function startHelpDeskServer(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const asked = JSON.parse(Buffer.concat(chunks).toString()) as Asked;
    const answer = ACTIONS[asked.next_action]?.(asked.tracker) ?? { events: [], responses: [] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Asked {
  readonly next_action: string;
  readonly tracker: {
    readonly slots: Readonly<Record<string, unknown>>;
    readonly active_loop: { readonly name?: string };
  };
}

const slot = (name: string, value: unknown) => ({ event: 'slot', timestamp: null, name, value });

const ACTIONS: Readonly<Record<string, (tracker: Asked['tracker']) => { events: unknown[]; responses: unknown[] }>> = {
  validate_incident_form({ slots }) {
    const wrong = slots.email !== null && !/^[^@\s]+@[^@\s]+$/.test(String(slots.email));
    return wrong
      ? { events: [slot('email', null)], responses: [{ response: 'utter_no_email' }] }
      : { events: [], responses: [] };
  },
  action_open_incident: () => ({
    events: [slot('incident_id', 'INC1003')],
    responses: [{ text: 'Incident INC1003 is open.', buttons: [], elements: [], custom: {}, image: null }],
  }),
  action_check_incident({ slots }) {
    const urgent = slots.incident_id === 'INC1001';
    return {
      events: [slot('priority', urgent ? 'high' : 'low')],
      responses: [{ text: `Incident ${slots.incident_id} is being worked on. Shall I say more?` }],
    };
  },
};
