import { afterAll, describe, expect, it } from 'vitest';
import { testApplication } from '../../../src/cli/test-app.js';
import { loadApplication } from '../../../src/dialogue/app/load.js';
import { startHelpDeskServer } from './help-desk-server.js';

/** Projects in the shape Rasa 3 gives them: they load, train and pass their own tests as they are. */
describe.each(['table-booking', 'bank-desk'])('the Rasa project %s', (name) => {
  const folder = `test/fixtures/rasa/${name}`;

  it('loads without a mistake', async () => {
    expect((await loadApplication(folder)).problems).toEqual([]);
  });

  it('trains and passes its conversation tests', async () => {
    const outcomes = await testApplication(folder);
    expect(outcomes.length).toBeGreaterThanOrEqual(5);
    for (const { test, diff } of outcomes) expect(diff, test.name).toEqual([]);
  });
});

describe('the Rasa project help-desk, with its action server', () => {
  const folder = 'test/fixtures/rasa/help-desk';
  let server: Awaited<ReturnType<typeof startHelpDeskServer>> | undefined;
  afterAll(() => server?.close());

  it('loads without a mistake', async () => {
    const { application, problems } = await loadApplication(folder, {
      ACTION_SERVER_URL: 'http://127.0.0.1:1/webhook',
    });
    expect(problems).toEqual([]);
    expect(application.endpoints.actionUrl).toBe('http://127.0.0.1:1/webhook');
  });

  it('trains and passes its conversation tests', async () => {
    server = await startHelpDeskServer();
    const outcomes = await testApplication(folder, { environment: { ACTION_SERVER_URL: server.url } });
    expect(outcomes.length).toBeGreaterThanOrEqual(8);
    for (const { test, diff } of outcomes) expect(diff, test.name).toEqual([]);
  });
});

it('the shop that the other tests talk to passes its own conversations', async () => {
  const outcomes = await testApplication('test/fixtures/dialogue/shop');
  expect(outcomes.length).toBeGreaterThanOrEqual(60);
  for (const { test, diff } of outcomes) expect(diff, test.name).toEqual([]);
});
