import type { Entity } from '../../../../src/nlu/intent-model.js';

/** Entities as the fixture files write them: `type=value` or `type:role=value`, joined by `; `. */
export function formatEntities(entities: readonly Entity[]): string {
  if (entities.length === 0) return '-';
  return entities
    .map(({ entity, role, value }) => `${entity}${role === undefined ? '' : `:${role}`}=${formatValue(value)}`)
    .join('; ');
}

function formatValue(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const record = value as Record<string, unknown>;
  if ('currency' in record) return `${record.amount} ${record.currency}`;
  if ('unit' in record) return `${record.amount} ${record.unit}`.trim();
  return ['province', 'city', 'district', 'detail']
    .map((key) => (typeof record[key] === 'string' ? record[key] : ''))
    .join('/')
    .replace(/\/+$/, '');
}
