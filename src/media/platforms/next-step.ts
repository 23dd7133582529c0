import type { MediaPeer, TransferOutcome, TransferRequest } from '../session.js';

/** In which form a platform wants to be told what comes next. */
export const NEXT_FORMATS = ['text', 'twiml', 'jambonz', 'ncco'] as const;
export type NextFormat = (typeof NEXT_FORMATS)[number];

/** What a platform is to do once the media connection has ended. */
export type NextStep = { readonly do: 'dial'; readonly target: string } | { readonly do: 'hangup' };

/** A platform asks at once; what nobody has asked for by then is forgotten. */
const KEPT_MS = 60_000;
const MOST_KEPT = 1000;
/** A SIP or tel URI that can stand in any of the forms without being able to say anything else. */
const TARGET = /^(sips?:[A-Za-z0-9._~+*#-]{1,64}@[A-Za-z0-9.:[\]-]{1,128}|tel:\+?[0-9*#-]{1,32})$/;

interface Kept {
  readonly target: string;
  readonly untilMs: number;
}

/**
 * Transfers on platforms whose media protocol has no word for them: we end our part, the platform asks what comes next (TwiML's `action`, a listen's `actionHook`, a dialplan's `CURL`), and is told whom to dial.
 * Only for calls that said with `next=ask` that it will be asked: otherwise the caller would be sent into nothing.
 */
export class NextSteps {
  readonly #kept = new Map<string, Kept>();
  readonly #nowMs: () => number;
  readonly #allowed: readonly RegExp[];

  /** `allowed`: a target must match one of these; by default any plain one. */
  constructor(nowMs: () => number = () => performance.now(), allowed: readonly RegExp[] = [/^/]) {
    this.#nowMs = nowMs;
    this.#allowed = allowed;
  }

  /** Undefined when the call's platform won't ask; then there is no transfer. */
  readonly transfer = (peer: MediaPeer, request: TransferRequest): TransferOutcome | undefined => {
    const { transferId, target } = request;
    if (peer.headers.next !== 'ask') return undefined;
    if (!TARGET.test(target)) {
      return { transferId, outcome: 'failed', status: 400, reason: 'the target is no plain SIP or tel URI' };
    }
    // An application may fill a target with what a caller said: numbers that cost money are not for callers to choose.
    if (!this.#allowed.some((pattern) => pattern.test(target))) {
      return { transferId, outcome: 'failed', status: 403, reason: 'the target is not in media.transferTargets' };
    }
    this.#forgetOld();
    this.#kept.set(peer.callId, { target, untilMs: this.#nowMs() + KEPT_MS });
    // Accepted (202), as for a REFER: who answers is the platform's business from here on.
    return { transferId, outcome: 'completed', status: 202, reason: 'the platform dials when it asks what comes next' };
  };

  /** What comes next for this call; each transfer is told once. */
  take(callId: string): NextStep {
    this.#forgetOld();
    const kept = this.#kept.get(callId);
    this.#kept.delete(callId);
    return kept === undefined ? { do: 'hangup' } : { do: 'dial', target: kept.target };
  }

  #forgetOld(): void {
    const nowMs = this.#nowMs();
    for (const [callId, { untilMs }] of this.#kept) {
      if (untilMs > nowMs && this.#kept.size < MOST_KEPT) return;
      this.#kept.delete(callId);
    }
  }
}

/** The step in a platform's own words. */
export function render(step: NextStep, format: NextFormat): { readonly type: string; readonly body: string } {
  const target = step.do === 'dial' ? step.target : undefined;
  const number = target?.startsWith('tel:') ? target.slice('tel:'.length) : undefined;
  switch (format) {
    case 'text':
      // For dialplans: the user part of the address, nothing for a hang-up.
      return { type: 'text/plain', body: number ?? target?.replace(/^sips?:([^@]*)@.*$/, '$1') ?? '' };
    case 'twiml': {
      const inner = number === undefined ? `<Sip>${target ?? ''}</Sip>` : `<Number>${number}</Number>`;
      const verb = target === undefined ? '<Hangup/>' : `<Dial>${inner}</Dial>`;
      return { type: 'text/xml', body: `<?xml version="1.0" encoding="UTF-8"?><Response>${verb}</Response>` };
    }
    case 'jambonz': {
      const who = number === undefined ? { type: 'sip', sipUri: target } : { type: 'phone', number };
      return json(target === undefined ? [{ verb: 'hangup' }] : [{ verb: 'dial', target: [who] }]);
    }
    case 'ncco': {
      const endpoint =
        number === undefined ? { type: 'sip', uri: target } : { type: 'phone', number: number.replace('+', '') };
      return json(target === undefined ? [] : [{ action: 'connect', endpoint: [endpoint] }]);
    }
  }
}

function json(value: unknown): { readonly type: string; readonly body: string } {
  return { type: 'application/json', body: JSON.stringify(value) };
}
