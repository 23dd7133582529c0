/** What is kept about a caller beyond a conversation, with their consent. */
export interface Profile {
  readonly slots: Readonly<Record<string, unknown>>;
  readonly consent: {
    /** Epoch ms. */
    readonly atMs: number;
    readonly conversationId: string;
    readonly messageId: string;
    /** What the caller said to the question. */
    readonly words: string;
  };
  readonly updatedMs: number;
}

export interface ProfileStore {
  get(sender: string): Promise<Profile | undefined>;
  put(sender: string, profile: Profile): Promise<void>;
  /** Nothing is left of it when this resolves. */
  delete(sender: string): Promise<void>;
}

/** One name for one caller: `sip:13800138000@pbx`, `+86 138 0013 8000` and `13800138000` are the same. */
export function callerKey(sender: string): string {
  const user = sender
    .trim()
    .toLowerCase()
    .replace(/^(?:sips?|tel):/, '')
    .replace(/[@;].*$/s, '');
  const digits = user.replace(/[\s().-]/g, '');
  if (!/^\+?\d{5,20}$/.test(digits)) return user.slice(0, 200);
  return digits.replace(/^(?:\+86|0086|86)(?=1\d{10}$)/, '').replace(/^\+/, '');
}
