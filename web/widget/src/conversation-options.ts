import type { Line } from './memory.js';
import type { Levels } from './model.js';
import type { Platform } from './platform.js';

/** A caller is referred to somebody. */
export interface Referral {
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Where a conversation takes place, and who hears of what happens in it. */
export interface ConversationOptions {
  readonly platform: Platform;
  readonly server: string;
  /** Address that gives tokens: Hearken's own, or the site's server. */
  readonly tokens: string;
  /** Of calls, Hz. */
  readonly rate: number;
  readonly language: () => string;
  readonly onChange: () => void;
  /** Often. */
  readonly onLevels: (levels: Levels) => void;
  /** Something new for those who can't see it. */
  readonly onAnnounce: (line: Line) => void;
  /** Whether the page takes this caller over; it then calls `done`. */
  readonly onTransfer: (referral: Referral, done: (completed: boolean) => void) => boolean;
  readonly onCall: (event: 'start' | 'end', detail: object) => void;
}
