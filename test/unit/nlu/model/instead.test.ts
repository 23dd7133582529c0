import { expect, it } from 'vitest';
import { insteadStart } from '../../../../src/nlu/model/instead.js';

it.each([
  ['算了还是换货', '换货'],
  ['算了，我还是换货吧', '换货吧'],
  ['不退了，换一个吧', '换一个吧'],
  ['never mind, exchange it', 'exchange it'],
  ['forget it. where is my parcel', 'where is my parcel'],
  ['actually just cancel the order', 'cancel the order'],
  ["no you know what let's just return it", 'return it'],
])('"%s" gives up what is under way for "%s"', (text, wish) => {
  expect(text.slice(insteadStart(text))).toBe(wish);
});

it.each([
  '算了',
  '算了吧',
  '不退了',
  '换货',
  'never mind',
  'never mind.',
  'I never mind waiting',
  'actually make it 44',
  'it is actually just here',
  '',
])('"%s" names nothing in its place', (text) => {
  expect(insteadStart(text)).toBeUndefined();
});
