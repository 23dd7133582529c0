import { expect, it } from 'vitest';
import { mermaid, svg } from '../../../src/dialogue/app/diagram.js';
import { loadApplication } from '../../../src/dialogue/app/load.js';

it('the sample shop has no mistakes and no warnings', async () => {
  expect((await loadApplication('apps/retail')).problems).toEqual([]);
});

it('flows are drawn with every step, as Mermaid and as SVG that stays well-formed', async () => {
  const { application } = await loadApplication('apps/retail');
  const [text, picture] = [mermaid(application), svg(application)];
  for (const flow of application.flows.values()) {
    expect(text).toContain(`"${flow.name}"`);
    expect(picture).toContain(`>${flow.name}<`);
  }
  expect(text).toContain('ask order_number');
  expect(picture).not.toMatch(/&(?!amp;|lt;|gt;|quot;)/);
  expect(picture.match(/<text/g)).toHaveLength(picture.match(/<\/text>/g)?.length ?? 0);
});
