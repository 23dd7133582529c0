import { afterEach, describe, expect, it } from 'vitest';
import { loadApplication } from '../../../src/dialogue/app/load.js';
import { AppHouse } from './app-house.js';

const house = new AppHouse();
afterEach(() => house.close());

/** What `hearken check` says of these files: severity, place and message, then the hint. */
async function told(files: Readonly<Record<string, string>>): Promise<string[]> {
  const { problems } = await loadApplication(await house.folder(files));
  return problems.map(({ severity, file, line, message, hint }) => `${severity} ${file}:${line} ${message} | ${hint}`);
}

describe('placeholders of responses', () => {
  const domain = `intents: [greet]
slots:
  phone: {type: text}
responses:
  utter_phone:
    - text: "I heard {fone}, {phone}, {value}, {{braces}}."
`;
  const rules = 'rules:\n- rule: r\n  steps:\n  - intent: greet\n  - action: utter_phone\n';

  it('one that no slot fills is told, with the name that was meant', async () => {
    expect(await told({ 'domain.yml': domain, 'rules.yml': rules })).toEqual([
      'warning domain.yml:5 the response "utter_phone" says {fone}, and there is no slot of that name | It is said as a gap. Write the name of a slot. Did you mean "phone"?',
    ]);
  });

  it('code brings values of its own: a response that only code says is left alone, one that a rule says is not', async () => {
    const code = { 'actions/say.ts': 'export default [];\n' };
    expect(await told({ 'domain.yml': domain, ...code })).toEqual([]);
    expect(await told({ 'domain.yml': domain, 'rules.yml': rules, ...code })).toHaveLength(1);
  });

  it('what is only said to the ears, in other words the second time and in another language is read too', async () => {
    const asked = `intents: [greet]
slots:
  phone: {type: text}
responses:
  utter_ask_phone: [{text: "Phone?", metadata: {speech: "Phone {a_gap}?"}}]
  utter_ask_phone_retry_1: [{text: "Phone?", translation: {de: "Nummer {ein_loch}?"}}]
`;
    const flows = 'flows:\n  f:\n    steps:\n    - collect: phone\n';
    const code = { 'actions/say.ts': 'export default [];\n' };
    const lines = await told({ 'domain.yml': asked, 'flows.yml': flows, ...code });
    expect(lines).toEqual([expect.stringContaining('{a_gap}'), expect.stringContaining('{ein_loch}')]);
  });
});

describe('placeholders of ready actions', () => {
  const files = (action: string) => ({
    'endpoints.yml': 'shop: {url: "https://shop.example"}\n',
    'domain.yml': 'intents: [go]\nslots:\n  visit_date: {type: text}\n',
    'ready.yml': `ready_actions:\n  action_go: ${action}\n`,
  });

  it('one in the body that no slot fills is a warning, with the name that was meant', async () => {
    expect(
      await told(
        files(
          '{type: http, method: POST, url: "{endpoint.shop}/v", body: {days: [{at: "{visit_dat}"}], id: "{turn}"}}',
        ),
      ),
    ).toEqual([
      'warning ready.yml:2 the action "action_go" has {visit_dat}, and there is no slot of that name | It is left empty. Write the name of a slot. Did you mean "visit_date"?',
    ]);
  });

  it('one in the address can never work', async () => {
    expect(await told(files('{type: http, url: "{endpoint.shop}/v/{visit_dat}?s={secret.APP_S}"}'))).toEqual([
      'error ready.yml:2 the address of the action "action_go" needs {visit_dat}, which nothing fills | Write the name of a slot. Did you mean "visit_date"?',
    ]);
  });

  it('an endpoint without a url is told wherever it is named', async () => {
    expect(
      await told(files('{type: http, url: "{endpoint.shop}/v", headers: {X-Back: "{endpoint.shopp}/back"}}')),
    ).toEqual([expect.stringContaining('error ready.yml:2 the action "action_go" asks the endpoint "shopp"')]);
  });

  it('tickets, call-backs and hand-offs are read too', async () => {
    expect(await told(files('{type: hand_off, reason: "{visit_date} {nothing_such}"}'))).toEqual([
      expect.stringContaining('has {nothing_such}'),
    ]);
    expect(await told(files('{type: ticket, text: "{text} {nothing_such}", set: visit_date}'))).toEqual([
      expect.stringContaining('has {nothing_such}'),
    ]);
  });
});

it('names in a slot mapping that point nowhere are told', async () => {
  const domain = `intents: [affirm, faq]
actions: [action_read]
forms:
  order_form: {required_slots: [sure]}
responses:
  utter_ask_sure: [{text: "Sure?"}]
slots:
  sure:
    type: bool
    mappings:
      - {type: from_intent, intent: afirm, value: true}
      - {type: from_intent, intent: faq/hours, not_intent: nothing_such, value: true}
      - {type: from_text, conditions: [{active_loop: order_frm, requested_slot: sur}]}
      - {type: from_text, conditions: [{active_loop: order_form, requested_slot: sure}, {active_loop: null}]}
      - {type: custom, action: action_reed}
      - {type: custom, action: action_read}
`;
  expect(await told({ 'domain.yml': domain })).toEqual([
    'warning domain.yml:8 a mapping of the slot "sure" names the intent "afirm", which there is not | Add it to "intents:" of the domain, or correct the name. Did you mean "affirm"?',
    expect.stringContaining('the intent "nothing_such"'),
    'warning domain.yml:8 a mapping of the slot "sure" names the form or flow "order_frm", which there is not | Add it, or correct the name. Did you mean "order_form"?',
    expect.stringContaining('the slot "sur"'),
    expect.stringContaining('the action "action_reed"'),
  ]);
});
