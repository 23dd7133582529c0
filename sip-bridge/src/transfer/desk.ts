import type { Leg } from '../sip/leg.js';
import type { OutboundLeg } from '../sip/outbound-leg.js';

/** What transfers need of the bridge around them. */
export interface TransferDesk {
  /** Calls the agent; resolves as soon as something answers, with a leg that may have ended already. Rejects when nothing can be sent. */
  dial(
    target: string,
    options: {
      readonly headers: readonly string[];
      readonly ringTimeoutMs: number;
      readonly onProgress: (status: number, reason: string) => void;
    },
  ): Promise<OutboundLeg>;
  /** Lets the service tell the agent what it is about. Resolves when it has, can't, or may not any longer; never rejects. */
  whisper(agent: OutboundLeg, headers: Readonly<Record<string, string>>): Promise<void>;
  /** From here on the caller and the agent hear each other, and when one leaves the other's leg ends too. */
  join(caller: Leg, agent: OutboundLeg): void;
}
