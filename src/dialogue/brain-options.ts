import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { DeskStore } from '../handoff/desk-store.js';
import type { IntentModel } from '../nlu/intent-model.js';
import type { ConversationLog } from '../store/conversation-log.js';
import type { SessionStore } from '../store/session-store.js';
import type { Summarizer } from './abstracts.js';
import type { ProfileStore } from './profile/profile-store.js';

export interface BrainOptions {
  /** Folder with `domain.yml`, `rules.yml`, `flows.yml`, …, or the application already read. */
  readonly appFolder: string;
  readonly intentModel: IntentModel;
  readonly sessions: SessionStore;
  readonly log: ConversationLog;
  readonly logger: Logger;
  /** Epoch ms. */
  readonly now?: () => number;
  /** On which a caller's patience is measured; default: the system's. */
  readonly clock?: Clock;
  /** SIP or tel URI of the person or queue that takes over. */
  readonly handoffTarget?: string;
  /** Of conversations that name none; default: the application's own. */
  readonly defaultLanguage?: string;
  /** Re-prompts before a person takes over. Default 2 each. */
  readonly maxNoMatch?: number;
  readonly maxNoInput?: number;
  /** Where bundled actions go. Default `.cache/actions` in the working folder. */
  readonly cacheFolder?: string;
  /** Where tickets and call-backs are kept. */
  readonly desk?: DeskStore;
  /** What ready actions may use as `{secret.NAME}`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Hosts inside this network that ready actions may ask; and, when not empty, the only hosts at all. */
  readonly privateHosts?: readonly string[];
  readonly allowedHosts?: readonly string[];
  /** Where slots with `profile: true` are kept for callers who agree. */
  readonly profiles?: ProfileStore;
  /** Puts the older part of long conversations into words; without it the sentences that matter stand for it. */
  readonly summarizer?: Summarizer;
  /** Told what went wrong with an action, besides the log: for whoever tests an application. */
  readonly onActionTrouble?: (what: string) => void;
  /** Longest wait for the turn before this one of the same conversation. Default 10 s. */
  readonly lockWaitMs?: number;
}
