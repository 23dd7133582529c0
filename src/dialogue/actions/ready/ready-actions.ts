import { HearkenError } from '../../../errors.js';
import type { CallBack, DeskStore, NewDeskItem } from '../../../handoff/desk-store.js';
import type { CallBackAction, ReadyAction, TicketAction } from '../../app/ready-actions.js';
import type { ActionResult } from '../api.js';
import type { ActionRequest, RanAction } from '../runner.js';
import { HttpActions, type HttpActionsOptions } from './http.js';
import { fillText } from './template.js';

export interface ReadyActionsOptions extends HttpActionsOptions {
  /** Undefined: there is nobody to keep tickets and call-backs. */
  readonly desk: DeskStore | undefined;
}

const PLACE = { file: 'built in', line: 0 };

/** Two that every application has; one of the same name in its files is used instead. */
const BUILT_IN: readonly ReadyAction[] = [
  {
    type: 'ticket',
    name: 'action_create_ticket',
    subject: '{ticket_subject}',
    text: '{ticket_text}',
    priority: 'normal',
    slots: undefined,
    set: 'ticket_number',
    say: [],
    ...PLACE,
  },
  {
    type: 'call_back',
    name: 'action_schedule_call_back',
    phone: '{call_back_phone}',
    at: '{call_back_time}',
    subject: '{call_back_subject}',
    slots: undefined,
    set: 'call_back_number',
    say: [],
    ...PLACE,
  },
];

/** Does what `ready_actions:` describe. */
export class ReadyActions {
  readonly #actions: ReadonlyMap<string, ReadyAction>;
  readonly #desk: DeskStore | undefined;
  readonly #secrets: Readonly<Record<string, string>>;
  readonly #http: HttpActions;

  constructor(actions: ReadonlyMap<string, ReadyAction>, options: ReadyActionsOptions) {
    this.#actions = new Map([...BUILT_IN.map((action) => [action.name, action] as const), ...actions]);
    this.#desk = options.desk;
    this.#secrets = options.secrets;
    this.#http = new HttpActions(options);
  }

  get(name: string): ReadyAction | undefined {
    return this.#actions.get(name);
  }

  /** Rejects with ACTION_FAILED, TIMEOUT, FORBIDDEN or STORE_UNAVAILABLE. */
  async run(action: ReadyAction, request: ActionRequest, gone: AbortSignal | undefined): Promise<RanAction> {
    switch (action.type) {
      case 'http':
        return this.#http.run(action, request, gone);
      case 'ticket':
      case 'call_back':
        return this.#promise(action, request);
      case 'hand_off': {
        const reason = this.#fill(action.reason, request);
        return {
          say: action.say,
          handOff: { reason, ...(action.target === undefined ? {} : { target: this.#fill(action.target, request) }) },
        };
      }
      case 'hang_up':
        return { say: action.say, hangUp: { reason: this.#fill(action.reason, request) } };
    }
  }

  /** Writes down what the caller has been promised, and tells its number. */
  async #promise(action: TicketAction | CallBackAction, request: ActionRequest): Promise<ActionResult> {
    if (this.#desk === undefined) {
      throw new HearkenError('ACTION_FAILED', `The action ${action.name} has nowhere to keep what it promises.`, {
        hint: 'Start the service with a data folder (store.folder).',
      });
    }
    const item = await this.#desk.add(this.#item(action, request));
    return { slots: { [action.set]: item.number }, say: action.say };
  }

  #item(action: TicketAction | CallBackAction, request: ActionRequest): NewDeskItem {
    const known = Object.entries(request.slots).filter(([, value]) => value !== null && value !== undefined);
    const base = {
      conversationId: request.conversationId,
      key: `${request.conversationId}-${request.turn}-${action.name}`,
      channel: request.channel,
      language: request.language,
      ...(request.sender === undefined ? {} : { sender: request.sender }),
      subject: (this.#fill(action.subject, request) || request.latest.intent).slice(0, 200),
      summary: request.summary,
      slots: Object.fromEntries(
        action.slots === undefined ? known : known.filter(([name]) => action.slots?.includes(name)),
      ),
    };
    if (action.type === 'ticket')
      return {
        ...base,
        kind: 'ticket',
        text: (this.#fill(action.text, request) || request.latest.text).slice(0, 4000),
        priority: action.priority,
      };
    const phone = (this.#fill(action.phone, request) || (request.sender ?? '')).replace(/[^\d+*#]/g, '').slice(0, 32);
    if (phone.replace(/\D/g, '').length < 3) {
      throw new HearkenError('ACTION_FAILED', `The action ${action.name} has no number to call back.`, {
        hint: 'Collect the slot that "phone:" names before it.',
      });
    }
    const item: Omit<CallBack, 'number' | 'status' | 'createdAt' | 'updatedAt' | 'notes'> = {
      ...base,
      kind: 'call_back',
      phone,
      when: this.#fill(action.at, request).slice(0, 100),
    };
    return item;
  }

  #fill(template: string, request: ActionRequest): string {
    return fillText(template, { request, secrets: this.#secrets });
  }
}
