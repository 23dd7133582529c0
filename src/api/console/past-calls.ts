import { HearkenError } from '../../errors.js';
import type { DeskStore } from '../../handoff/desk-store.js';
import { CallStory } from '../../insight/call-story.js';
import type { LiveCalls } from '../../insight/live-calls.js';
import type { ConversationEvent, SearchableLog, StoredEvent } from '../../store/conversation-log.js';
import { fits, writeCursor } from '../../store/log/event-text.js';
import type { BridgeRecordings } from './bridge-recordings.js';
import type { CallDetail, CallPart, CallSummary, CallsPage, Outcome } from './contract.js';
import {
  type ConversationFacts,
  conversationFacts,
  notesOf,
  summaryOf,
  typedLines,
  typedTurns,
} from './conversation-facts.js';
import { RECORD_ID, type RecordFacts, recordEvents, recordFacts } from './record-files.js';

export interface PastCallsOptions {
  readonly log: SearchableLog;
  readonly dataFolder: string;
  readonly tickets: DeskStore;
  readonly live: LiveCalls;
  /** Of the SIP bridge; it records what the service then does not. */
  readonly recordings: BridgeRecordings;
  /** What callers' sound is kept for: shown where there is none. */
  readonly recordsAudio: boolean;
}

export interface CallSearch {
  readonly query?: string | undefined;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  readonly intent?: string | undefined;
  readonly outcome?: Outcome | undefined;
  readonly channel?: 'voice' | 'text' | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Events that one search looks at; a rare outcome may need another page. */
const MAX_SCANNED = 1000;
const EVENTS_A_PAGE = 100;
/** Of one conversation. */
const MAX_EVENTS = 500;
const MAX_TRACE = 5000;
const MAX_TICKETS = 1000;

/** Conversations as they were: out of the log what was said, out of the calls' records how and when. */
export class PastCalls {
  readonly #options: PastCallsOptions;

  constructor(options: PastCallsOptions) {
    this.#options = options;
  }

  /** Newest first. A conversation stands where its newest fitting event is. */
  async search(wanted: CallSearch): Promise<CallsPage> {
    const { log } = this.#options;
    const query = {
      text: wanted.query,
      intent: wanted.intent,
      channel: wanted.channel,
      fromMs: wanted.fromMs,
      toMs: wanted.toMs,
      // What was only heard was said in a turn.
      ...(wanted.query === undefined ? { type: 'turn' } : {}),
    };
    const calls: CallSummary[] = [];
    const seen = new Set<string>();
    let after = wanted.cursor;
    for (let scanned = 0; scanned < MAX_SCANNED; scanned += EVENTS_A_PAGE) {
      const page = await log.search({ ...query, limit: EVENTS_A_PAGE, after });
      for (const event of page.events) {
        if (seen.has(event.conversationId)) continue;
        seen.add(event.conversationId);
        const call = await this.#listed(event, { ...query, limit: 1 }, wanted);
        if (call === undefined) continue;
        calls.push(call);
        if (calls.length >= wanted.limit) return { calls, cursor: writeCursor(event) };
      }
      if (page.next === undefined) return { calls, cursor: null };
      after = page.next;
    }
    return { calls, cursor: after ?? null };
  }

  /** Throws NOT_FOUND. `part`: default the last one. */
  async detail(id: string, part?: string): Promise<CallDetail> {
    const { facts, records } = await this.#conversation(id);
    const record = part === undefined ? records.at(-1) : records.find((each) => each.id === part);
    if (part !== undefined && record === undefined) throw noCall();
    const story = record === undefined ? undefined : new CallStory(record.startedAtMs);
    const trace = record === undefined ? { events: [], cut: false } : await recordEvents(record.eventsFile);
    for (const event of trace.events) story?.apply(event);
    const tickets = (await this.#options.tickets.list({ limit: MAX_TICKETS })).filter(
      ({ conversationId }) => conversationId === id,
    );
    const lines = story === undefined ? typedLines(facts, true) : [...story.lines, ...typedLines(facts, false)];
    return {
      call: this.#summary(id, facts, records),
      parts: records.map((each) => this.#part(each)),
      part: record?.id ?? null,
      headers: { ...record?.headers },
      lines: lines.sort((left, right) => left.atMs - right.atMs),
      turns: story === undefined ? typedTurns(facts) : [...story.turns],
      slots: { ...(story?.slots ?? this.#options.live.get(id)?.slots) },
      events: trace.events.slice(0, MAX_TRACE).map(({ atMs, type, ...data }) => ({ atMs, type, data })),
      eventsCut: trace.cut || trace.events.length > MAX_TRACE,
      tickets: tickets.map(({ number }) => number),
      notes: notesOf(facts),
    };
  }

  /** Whether this agent had the conversation in hand, as the log tells. */
  async handledBy(agent: string, id: string): Promise<boolean> {
    const { desk } = conversationFacts(await this.#options.log.history(id, MAX_EVENTS));
    return desk.some((each) => each.event === 'joined' && each.agent === agent);
  }

  /** The sound of a part (default the last one that has any). Throws NOT_FOUND with the reason. */
  async sound(
    id: string,
    part?: string,
  ): Promise<{ readonly part: string; readonly file: string; readonly ended: boolean }> {
    const { records } = await this.#conversation(id);
    const record =
      part === undefined
        ? records.findLast(({ audioFile }) => audioFile !== undefined)
        : records.find((each) => each.id === part);
    const file = record?.audioFile;
    if (record === undefined || file === undefined)
      throw new HearkenError('NOT_FOUND', 'There is no sound of this call.', { hint: this.#noAudio() });
    return { part: record.id, file, ended: record.ended !== undefined };
  }

  async #listed(
    event: StoredEvent,
    query: Parameters<typeof fits>[1],
    wanted: CallSearch,
  ): Promise<CallSummary | undefined> {
    const id = event.conversationId;
    const events = await this.#options.log.history(id, MAX_EVENTS);
    const newest = events.findLast((each) => fits(each, query));
    // It was on the page before.
    if (newest === undefined || newest.atMs > event.atMs) return undefined;
    const facts = conversationFacts(events);
    const call = this.#summary(id, facts, await this.#records(facts), wanted.query);
    return wanted.outcome === undefined || call.outcome === wanted.outcome ? call : undefined;
  }

  async #conversation(
    id: string,
  ): Promise<{ readonly facts: ConversationFacts; readonly records: readonly RecordFacts[] }> {
    const events: readonly ConversationEvent[] = await this.#options.log.history(id, MAX_EVENTS);
    const facts = conversationFacts(events);
    const records = await this.#records(facts);
    if (events.length > 0) return { facts, records };
    // A call in which nothing was said yet, or one whose words are no longer kept.
    const record = RECORD_ID.test(id) ? await recordFacts(this.#options.dataFolder, id, Date.now()) : undefined;
    if (record === undefined) throw noCall();
    return {
      facts: { ...facts, firstMs: record.startedAtMs, lastMs: record.startedAtMs },
      records: [await this.#withSound(record)],
    };
  }

  async #records(facts: ConversationFacts): Promise<readonly RecordFacts[]> {
    const found: RecordFacts[] = [];
    for (const id of facts.recordIds) {
      const aboutMs = facts.turns.find(({ messageId }) => messageId.startsWith(id))?.atMs ?? facts.firstMs;
      const record = await recordFacts(this.#options.dataFolder, id, aboutMs);
      if (record !== undefined) found.push(await this.#withSound(record));
    }
    return found;
  }

  async #withSound(record: RecordFacts): Promise<RecordFacts> {
    if (record.audioFile !== undefined) return record;
    const found = await this.#options.recordings.find(record.callId, record.startedAtMs);
    if (found === undefined) return record;
    return { ...record, audioFile: found.file, audioOffsetMs: record.startedAtMs - found.startedAtMs };
  }

  #summary(id: string, facts: ConversationFacts, records: readonly RecordFacts[], query?: string): CallSummary {
    const live = this.#options.live.get(id) !== undefined;
    return summaryOf(id, facts, records, { query, live, nowMs: Date.now() });
  }

  #part(record: RecordFacts): CallPart {
    const hasAudio = record.audioFile !== undefined;
    return {
      id: record.id,
      startedAtMs: record.startedAtMs,
      durationMs: record.ended?.durationMs ?? null,
      hasAudio,
      sampleRate: record.sampleRate,
      audioOffsetMs: record.audioOffsetMs,
      noAudioReason: hasAudio ? null : this.#noAudio(),
    };
  }

  #noAudio(): string {
    return this.#options.recordsAudio
      ? 'It was not recorded, or is no longer kept (record.keepDays).'
      : 'Calls are not recorded (record.audio).';
  }
}

function noCall(): HearkenError {
  return new HearkenError('NOT_FOUND', 'There is no such conversation.', {
    hint: 'It may be older than what is kept (store.keepDays, record.keepDays).',
  });
}
