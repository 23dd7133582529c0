import { expect, it } from 'vitest';
import { mermaid, svg } from '../../../src/dialogue/app/diagram.js';
import { loadApplication } from '../../../src/dialogue/app/load.js';
import { AppHouse } from './app-house.js';
import { DESK_FILES } from './voice-desk.js';

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

it('no two boxes or labels of a drawn flow lie on each other', async () => {
  const { application } = await loadApplication('test/fixtures/dialogue/shop');
  for (const group of svg(application)
    .split(/<g transform="translate\([\d.]+ [\d.]+\)">\n<text x="0"/)
    .slice(1)) {
    const boxes = [...group.matchAll(/<rect x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)].map(
      (match) => match.slice(1).map(Number),
    );
    expect(boxes.length).toBeGreaterThan(3);
    boxes.forEach(([x = 0, y = 0, width = 0, height = 0], at) => {
      for (const [left = 0, top = 0, wide = 0, high = 0] of boxes.slice(at + 1))
        expect(x < left + wide && left < x + width && y < top + high && top < y + height).toBe(false);
    });
  }
});

it('a spoken question that has no other words for a second time is told', async () => {
  const house = new AppHouse();
  try {
    const { problems } = await loadApplication(await house.folder(DESK_FILES));
    const asked = problems.map(({ severity, message }) => `${severity} ${message}`);
    expect(asked).toContain('warning "phone" is asked for in the same words when the answer was not understood');
    expect(asked.join()).not.toContain('"order_number"');
  } finally {
    await house.close();
  }
});

it('a domain that can’t be read is told once, not as hundreds of things that are missing', async () => {
  const house = new AppHouse();
  try {
    const flows = `flows:\n  one:\n    steps:\n${'      - collect: name\n'.repeat(300)}`;
    const folder = await house.folder({
      'domain.yml': 'intents: [a]\nslots:\n  constructor: {type: text}\n',
      'empty.yml': '# nothing\n',
      'flows.yml': flows,
    });
    const { problems } = await loadApplication(folder);
    expect(problems.map(({ file, line, message }) => `${file}:${line} ${message}`)).toEqual([
      'domain.yml:3 the key "constructor" is not allowed',
    ]);
  } finally {
    await house.close();
  }
});
