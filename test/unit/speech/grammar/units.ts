import { PhoneUnits } from '../../../../src/speech/grammar/units.js';

/** A tiny phone model's labels: enough for the digits and a few words. */
export function smallUnits(): PhoneUnits {
  const phones = ['<blk>', 'l', 'y', 's', 'w', 'q', 'b', 'j', 'd', 'ch', 'h', 'r', 'sh', 'x', 'k', 't', 'f'].concat([
    'ing2',
    'i1',
    'ao1',
    'er4',
    'an1',
    'i4',
    'u3',
    'iu4',
    'a1',
    'iu3',
    'ing4',
    'a2',
    'ao4',
    'ao3',
    'en2',
    'ong1',
    'an2',
    'i2',
    'iu2',
    'u2',
    'u4',
    'e5',
    'ui4',
  ]);
  const aliases: [string, string][] = [
    ['零', 'ing2'],
    ['一', 'i1'],
    ['幺', 'ao1'],
    ['二', 'er4'],
    ['三', 'an1'],
    ['四', 'i4'],
    ['五', 'u3'],
    ['六', 'iu4'],
    ['七', 'i1'],
    ['八', 'a1'],
    ['九', 'iu3'],
    ['订', 'ing4'],
    ['单', 'an1'],
    ['号', 'ao4'],
    ['是', 'i4'],
    ['查', 'a2'],
    ['好', 'ao3'],
    ['对', 'ui4'],
  ];
  return new PhoneUnits(phones, aliases);
}
