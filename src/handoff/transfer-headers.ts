import type { BotAction } from '../dialogue/brain.js';

type TransferAction = Extract<BotAction, { type: 'transfer' }>;

/** Context for the agent's side. Header values are percent-encoded UTF-8: SIP headers travel through old equipment. */
export function transferHeaders(id: string, action: TransferAction | undefined): Record<string, string> {
  const headers: Record<string, string> = {
    'X-Hearken-Session': id,
    'X-Hearken-Reason': cutEncoded(action?.reason ?? 'error', 256),
  };
  if (action?.summary) headers['X-Hearken-Summary'] = cutEncoded(action.summary, 1024);
  if (action && Object.keys(action.slots).length > 0) headers['X-Hearken-Slots'] = fittingJson(action.slots, 1024);
  return headers;
}

/** Percent-encodes as many whole characters as fit. */
function cutEncoded(text: string, limit: number): string {
  let encoded = '';
  for (const character of text.toWellFormed()) {
    const next = encodeURIComponent(character);
    if (encoded.length + next.length > limit) break;
    encoded += next;
  }
  return encoded;
}

/** As many slots as fit, first those that were known first: what arrives is JSON in any case. */
function fittingJson(slots: Readonly<Record<string, unknown>>, limit: number): string {
  let fitting = encodeURIComponent('{}');
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(slots)) {
    const next = encodeURIComponent(JSON.stringify({ ...kept, [name]: value }));
    if (next.length > limit) continue;
    kept[name] = value;
    fitting = next;
  }
  return fitting;
}
