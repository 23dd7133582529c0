import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { NextSteps, render } from '../../../../src/media/platforms/next-step.js';
import { registerNextStep } from '../../../../src/media/platforms/next-step-route.js';
import type { MediaPeer, TransferRequest } from '../../../../src/media/session.js';

const peer = (callId: string, headers: Readonly<Record<string, string>> = { next: 'ask' }): MediaPeer => ({
  callId,
  direction: 'inbound',
  caller: '1',
  callee: '2',
  headers,
  protocol: 'twilio',
  remoteAddress: '127.0.0.1',
});
const request = (target = 'sip:2000@pbx.example.com'): TransferRequest => ({
  transferId: 't1',
  target,
  mode: 'blind',
  timeoutMs: 1000,
});

describe('a transfer that the platform carries out when it asks what comes next', () => {
  it('is told once, to the call it belongs to', () => {
    const steps = new NextSteps();
    expect(steps.transfer(peer('a'), request())).toMatchObject({ outcome: 'completed', status: 202 });
    expect(steps.take('b')).toEqual({ do: 'hangup' });
    expect(steps.take('a')).toEqual({ do: 'dial', target: 'sip:2000@pbx.example.com' });
    expect(steps.take('a')).toEqual({ do: 'hangup' });
  });

  it('is not promised for a call whose platform did not say that it will ask', () => {
    const steps = new NextSteps();
    expect(steps.transfer(peer('a', {}), request())).toBeUndefined();
    expect(steps.take('a')).toEqual({ do: 'hangup' });
  });

  it('that nobody asks for is forgotten after a minute, and never more than a thousand are kept', () => {
    let nowMs = 0;
    const steps = new NextSteps(() => nowMs);
    steps.transfer(peer('old'), request());
    nowMs = 60_001;
    expect(steps.take('old')).toEqual({ do: 'hangup' });
    for (let at = 0; at < 1001; at++) steps.transfer(peer(`c${at}`), request());
    expect(steps.take('c0')).toEqual({ do: 'hangup' });
    expect(steps.take('c1000')).toMatchObject({ do: 'dial' });
  });

  it.each(['sip:a@b"/><Dial>', 'sip:2000@pbx\r\nX: y', 'http://evil', 'tel:<1>', 'sip:@'])(
    'to %j fails: it could say something else in the platform’s own words',
    (target) => {
      expect(new NextSteps().transfer(peer('a'), request(target))).toMatchObject({ outcome: 'failed', status: 400 });
    },
  );

  it('to a number outside the allow-list fails', () => {
    const steps = new NextSteps(undefined, [/^tel:\+8621\d{8}$/]);
    const dial = (target: string) => steps.transfer(peer('a'), request(target));
    expect(dial('tel:+862155550001')).toMatchObject({ outcome: 'completed' });
    for (const target of ['tel:+900123456', 'tel:+8621555500019', 'sip:+862155550001@elsewhere']) {
      expect(dial(target)).toMatchObject({ outcome: 'failed', status: 403 });
    }
  });
});

describe('the next step in the words of', () => {
  const sip = { do: 'dial', target: 'sip:2000@pbx' } as const;
  const tel = { do: 'dial', target: 'tel:+4930123' } as const;
  const end = { do: 'hangup' } as const;

  it('a dialplan: the number to dial, or nothing', () => {
    expect([sip, tel, end].map((step) => render(step, 'text').body)).toEqual(['2000', '+4930123', '']);
  });

  it('Twilio', () => {
    expect(render(sip, 'twiml').body).toContain('<Response><Dial><Sip>sip:2000@pbx</Sip></Dial></Response>');
    expect(render(tel, 'twiml').body).toContain('<Dial><Number>+4930123</Number></Dial>');
    expect(render(end, 'twiml').body).toContain('<Response><Hangup/></Response>');
  });

  it('jambonz and Vonage', () => {
    const read = (text: string): unknown => JSON.parse(text);
    expect(read(render(sip, 'jambonz').body)).toEqual([
      { verb: 'dial', target: [{ type: 'sip', sipUri: 'sip:2000@pbx' }] },
    ]);
    expect(read(render(end, 'jambonz').body)).toEqual([{ verb: 'hangup' }]);
    expect(read(render(tel, 'ncco').body)).toEqual([
      { action: 'connect', endpoint: [{ type: 'phone', number: '4930123' }] },
    ]);
    expect(read(render(end, 'ncco').body)).toEqual([]);
  });
});

describe('GET /media/next', () => {
  it('answers a platform that shows the token, and nobody else', async () => {
    const app = Fastify();
    app.setErrorHandler((error: Error & { status?: number }, _request, reply) =>
      reply.code(error.status ?? 500).send({ message: error.message }),
    );
    const steps = new NextSteps();
    registerNextStep(app, { path: '/media/next', steps, credentials: { token: 'a-long-random-token' } });
    steps.transfer(peer('CA1'), request());
    const url = '/media/next/twiml?CallSid=CA1';
    expect((await app.inject({ url })).statusCode).toBe(401);
    const answer = await app.inject({ url: `${url}&token=a-long-random-token` });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toContain('text/xml');
    expect(answer.body).toContain('<Dial><Sip>sip:2000@pbx.example.com</Sip></Dial>');
    await app.close();
  });
});
