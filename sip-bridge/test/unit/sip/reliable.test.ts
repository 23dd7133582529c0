import { afterEach, expect, it } from 'vitest';
import { ReliableProvisionals } from '../../../src/sip/reliable.js';

let provisionals: ReliableProvisionals | undefined;
afterEach(() => provisionals?.stop());

it('an acknowledgement that crosses the final answer is right, once', () => {
  provisionals = new ReliableProvisionals(
    () => {},
    () => {},
  );
  let rseq = '';
  provisionals.send((headers) => {
    rseq = headers.join().match(/RSeq: (\d+)/)?.[1] ?? '';
    return 'text';
  }, false);
  // The 200 goes out before the PRACK is here.
  provisionals.stop();
  expect(provisionals.onPrack(`${Number(rseq) + 1} 1 INVITE`, 1)).toBe(false);
  expect(provisionals.onPrack(`${rseq} 2 INVITE`, 1)).toBe(false);
  expect(provisionals.onPrack(`${rseq} 1 INVITE`, 1)).toBe(true);
  expect(provisionals.onPrack(`${rseq} 1 INVITE`, 1)).toBe(false);
});
