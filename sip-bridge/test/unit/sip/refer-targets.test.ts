import { describe, expect, it } from 'vitest';
import { refusal, type TransferRules } from '../../../src/sip/refer.js';

const order = (target: string) => ({ target, headers: {}, timeoutMs: 1000 });

describe('the target of a transfer', () => {
  const everything: TransferRules = { allowedTargets: [/^(sip|sips|tel):/], allowedHeaders: /^X-/i };

  it.each([
    'sip:100@pbx.example?P-Asserted-Identity=%3Csip:boss@pbx.example%3E',
    'sip:100@pbx.example?Replaces=other%3Bto-tag%3D1%3Bfrom-tag%3D2',
    'tel:+49301234?Route=x',
    'sip:100@pbx.example>,<sip:evil.example',
    'sip:100@pbx.example\r\nRoute: <sip:evil.example>',
    'sip:１００@pbx.example',
    'tel:+49\u0663\u0660',
  ])('that says more than a plain address is refused: %s', (target) => {
    expect(refusal(order(target), everything)).toMatchObject({ outcome: 'failed', status: 400 });
  });

  it.each(['sip:100@pbx.example;transport=tcp', 'sips:agent%20one@pbx.example:5061', 'tel:+86-21-55550001'])(
    'that is one is taken: %s',
    (target) => {
      expect(refusal(order(target), everything)).toBeUndefined();
    },
  );

  it.each([
    'TEL:+862155550001',
    'sip:+862155550001@pbx',
    'tel:+862155550001;ext=1',
    'tel:+8621555500019',
    'tel:%2B862155550001',
  ])('that only looks like an allowed one is not: %s', (target) => {
    const rules = { ...everything, allowedTargets: [/^tel:\+8621\d{8}$/] };
    expect(refusal(order(target), rules)).toMatchObject({ status: 403 });
  });
});
