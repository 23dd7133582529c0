import { isMap, isSeq, LineCounter, type Node, parseDocument, type YAMLMap } from 'yaml';
import { z } from 'zod';
import { HearkenError } from '../../errors.js';
import type { CodeOptions } from '../entities/codes.js';

/** The component of `pipeline:` (an application's config.yml) that says what its numbers look like; Rasa's own components are left alone. */
const COMPONENT = 'SpokenNumberExtractor';

const length = z.number().int().min(1).max(40);
const settingsSchema = z.strictObject({
  name: z.literal(COMPONENT),
  /** One length, or the least and the greatest. */
  order_number_length: z
    .union([length, z.tuple([length, length]).refine(([low, high]) => low <= high, 'the least length first')])
    .optional(),
  order_number_checksum: z.enum(['none', 'luhn']).optional(),
});

const EXPECTED = 'order_number_length: 8 (or [8, 12]) and order_number_checksum: none or luhn';

/** What a YAML file of an application says of its numbers; undefined when it says nothing. Throws TRAINING_DATA_INVALID with file, line and column. */
export function readPipeline(source: string, file: string): CodeOptions | undefined {
  if (!/^["']?pipeline["']?\s*:/m.test(source) || !source.includes(COMPONENT)) return undefined;
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const root = document.contents;
  const pipeline = isMap(root) ? (root as YAMLMap).get('pipeline', true) : undefined;
  if (!isSeq(pipeline)) return undefined;
  const item = pipeline.items.find((each) => isMap(each) && each.get('name') === COMPONENT) as YAMLMap | undefined;
  if (item === undefined) return undefined;
  const read = settingsSchema.safeParse(item.toJSON());
  if (!read.success) {
    const issue = read.error.issues[0];
    const wrong = issue?.path[0];
    const node = (wrong === undefined ? item : (item.get(wrong, true) ?? item)) as Node;
    const { line, col } = lines.linePos(node.range?.[0] ?? 0);
    throw new HearkenError(
      'TRAINING_DATA_INVALID',
      `${file}:${line}:${col}: ${COMPONENT}: ${issue?.message ?? 'not understood'}; expected ${EXPECTED}`,
      { hint: `Mend line ${line} of ${file}.`, data: { file, line, column: col, expected: EXPECTED } },
    );
  }
  const { order_number_length: lengths, order_number_checksum: checksum } = read.data;
  return {
    ...(lengths === undefined
      ? {}
      : { orderNumberLength: typeof lengths === 'number' ? ([lengths, lengths] as const) : lengths }),
    ...(checksum === undefined ? {} : { orderNumberChecksum: checksum }),
  };
}
