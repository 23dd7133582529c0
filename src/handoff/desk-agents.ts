import type { Agent, Presence } from '../api/console/contract.js';
import type { Clock } from '../clock.js';

export interface DeskUser {
  readonly name: string;
  readonly displayName: string;
  /** Their telephone, where it is known: a number, or a SIP address. */
  readonly extension?: string | undefined;
  /** Whether it may ring at them. Who is not rung (a supervisor) takes over by themselves. */
  readonly rung: boolean;
}

interface Entry {
  user: DeskUser;
  wanted: 'available' | 'away';
  pages: number;
  online: boolean;
  /** Epoch ms of the last change of presence, as shown. */
  sinceMs: number;
  shown: Presence;
  /** When they became free, for who has waited longest. */
  freeMs: number;
  ringing: boolean;
  cancelLost: (() => void) | undefined;
  /** Set from the first sign of life on. */
  cancelSilence: (() => void) | undefined;
}

export interface DeskAgentsOptions {
  readonly clock: Clock;
  readonly lostMs: number;
  /** Somebody whose pages give signs of life is lost when none comes for this long. */
  readonly silentMs: number;
  readonly chatsPerAgent: number;
  /** Conversations in hand of an agent, those they have to wrap up, and whether one of them is on the telephone. */
  readonly work: (name: string) => { readonly open: number; readonly wrapUp: number; readonly onPhone: boolean };
  readonly onChange: (agent: Agent) => void;
  /** Their pages have been closed for too long. */
  readonly onLost: (name: string) => void;
}

/** Who is at the desk, and who may be rung. */
export class DeskAgents {
  readonly #options: DeskAgentsOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: DeskAgentsOptions) {
    this.#options = options;
  }

  /** Whom it may ring at, and who else has something in hand. */
  get all(): readonly Agent[] {
    return [...this.#entries.values()]
      .filter(({ user, shown }) => user.rung || shown !== 'offline')
      .map((entry) => this.#view(entry));
  }

  /** Anybody who takes conversations now or in a while. */
  get anybody(): boolean {
    return [...this.#entries.values()].some(
      ({ shown, user }) => user.rung && (shown === 'available' || shown === 'busy'),
    );
  }

  get(name: string): Agent | undefined {
    const entry = this.#entries.get(name);
    return entry === undefined ? undefined : this.#view(entry);
  }

  /** Who is there to be rung, with a page open or by saying so, and fits. */
  online(fits: (user: DeskUser) => boolean): readonly DeskUser[] {
    return [...this.#entries.values()].flatMap(({ online, user }) => (online && user.rung && fits(user) ? [user] : []));
  }

  /** As they are now, also when they have not been seen yet. */
  view(user: DeskUser): Agent {
    return this.#view(this.#entry(user));
  }

  /** Looks again at them; also the first time. */
  know(user: DeskUser): void {
    this.#entry(user);
    this.refresh(user.name);
  }

  /** A page of theirs is open. Returns what ends it. */
  connect(user: DeskUser): () => void {
    const entry = this.#entry(user);
    entry.user = user;
    entry.pages++;
    entry.online = true;
    entry.cancelLost?.();
    entry.cancelLost = undefined;
    this.refresh(user.name);
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      entry.pages--;
      if (entry.pages > 0) return;
      this.#forgetSilence(entry);
      // A page that is loaded anew comes back in a moment.
      entry.cancelLost = this.#options.clock.after(this.#options.lostMs, () => this.#lost(entry));
    };
  }

  /**
   * A page of theirs has given a sign of life. An open socket tells little: that of a laptop which was shut, or has lost its network, stays open for a quarter of an hour
   * (Linux: net.ipv4.tcp_retries2), and a visitor would wait as long for somebody who is not there.
   */
  alive(user: DeskUser): void {
    const entry = this.#entries.get(user.name);
    if (entry === undefined || entry.pages === 0) return;
    this.#forgetSilence(entry);
    entry.cancelSilence = this.#options.clock.after(this.#options.silentMs, () => this.#lost(entry));
    if (entry.online) return;
    entry.online = true;
    this.refresh(user.name);
  }

  setPresence(user: DeskUser, wanted: 'available' | 'away'): Agent {
    const entry = this.#entry(user);
    entry.user = user;
    entry.wanted = wanted;
    // Somebody without a page (a program) counts as there until they say otherwise.
    entry.online = true;
    this.refresh(user.name);
    return this.#view(entry);
  }

  setRinging(name: string, ringing: boolean): void {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.ringing === ringing) return;
    entry.ringing = ringing;
    this.#options.onChange(this.#view(entry));
  }

  /** Somebody who did not answer is not rung again before they say so. */
  missed(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    entry.wanted = 'away';
    this.refresh(name);
  }

  /** Who is to be rung next: the one who has been free longest. */
  next(except: (name: string) => boolean): string | undefined {
    let best: Entry | undefined;
    for (const entry of this.#entries.values()) {
      if (!entry.user.rung || entry.shown !== 'available' || entry.ringing || except(entry.user.name)) continue;
      if (best === undefined || entry.freeMs < best.freeMs) best = entry;
    }
    return best?.user.name;
  }

  /** Looks again at what they are; tells when it has changed. */
  refresh(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    const shown = this.#presence(entry);
    const changed = shown !== entry.shown;
    // A supervisor who only looks on is nobody's business.
    if (!changed && !entry.user.rung && shown === 'offline') return;
    if (changed) {
      entry.shown = shown;
      entry.sinceMs = Date.now();
      if (shown === 'available') entry.freeMs = this.#options.clock.nowMs();
    }
    this.#options.onChange(this.#view(entry));
  }

  close(): void {
    for (const entry of this.#entries.values()) {
      entry.cancelLost?.();
      this.#forgetSilence(entry);
    }
  }

  #forgetSilence(entry: Entry): void {
    entry.cancelSilence?.();
    entry.cancelSilence = undefined;
  }

  #lost(entry: Entry): void {
    this.#forgetSilence(entry);
    entry.online = false;
    entry.wanted = 'away';
    this.refresh(entry.user.name);
    this.#options.onLost(entry.user.name);
  }

  #presence(entry: Entry): Presence {
    if (!entry.online) return 'offline';
    const { open, wrapUp, onPhone } = this.#options.work(entry.user.name);
    if (!entry.user.rung) return open + wrapUp > 0 ? 'busy' : 'offline';
    if (onPhone || open >= this.#options.chatsPerAgent || wrapUp > 0) return 'busy';
    return entry.wanted;
  }

  #entry(user: DeskUser): Entry {
    const known = this.#entries.get(user.name);
    if (known !== undefined) return known;
    const entry: Entry = {
      user,
      wanted: 'away',
      pages: 0,
      online: false,
      sinceMs: Date.now(),
      shown: 'offline',
      freeMs: 0,
      ringing: false,
      cancelLost: undefined,
      cancelSilence: undefined,
    };
    this.#entries.set(user.name, entry);
    return entry;
  }

  #view(entry: Entry): Agent {
    return {
      name: entry.user.name,
      displayName: entry.user.displayName,
      presence: entry.shown,
      wants: entry.wanted,
      sinceMs: entry.sinceMs,
      chats: this.#options.work(entry.user.name).open,
      ringing: entry.ringing,
    };
  }
}
