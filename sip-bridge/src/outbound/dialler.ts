import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { BridgeCall, CallFacts, CallSummary } from '../bridge.js';
import { BridgeError, messageOf, systemCode } from '../errors.js';
import { type Logger, maskAddress } from '../log.js';
import { LineReader } from '../rtp/line.js';
import type { OutboundLeg } from '../sip/outbound-leg.js';
import { TokenBucket } from '../token-bucket.js';
import { AnswerDetector, BeepDetector, type Detection } from './answer-detection.js';
import type { OutboundConfig } from './config.js';
import { DoNotCall } from './do-not-call.js';
import { isOpen, nextOpening } from './hours.js';
import { type Attempt, type CallRequest, type CallResult, callRequestSchema, type OutboundJob } from './requests.js';
import { partWith } from './unconnected.js';

export interface DiallerOptions {
  readonly config: OutboundConfig;
  /** Places the call; resolves once something answered, with a leg that may have ended. */
  readonly place: (request: CallRequest, ringTimeoutMs: number) => Promise<OutboundLeg>;
  /** Connects an answered call with the service. */
  readonly connect: (leg: OutboundLeg, facts: CallFacts) => BridgeCall;
  /** For the record of a call that was not connected. */
  readonly record?: (facts: CallFacts, summary: CallSummary) => void;
  /** False while draining or full. */
  readonly hasRoom: () => boolean;
  readonly logger: Logger;
  readonly nowMs?: () => number;
}

const TICK_MS = 250;
const MAX_FINISHED = 1000;
const MAX_PATTERN_INPUT = 256;

/** Places calls one after the other, within hours, limits and lists, and tries again as the rules say. */
export class Dialler {
  readonly #options: DiallerOptions;
  readonly #nowMs: () => number;
  #config: OutboundConfig;
  #patterns: readonly RegExp[];
  #pace: TokenBucket;
  #doNotCall: DoNotCall;
  readonly #jobs = new Map<string, OutboundJob>();
  /** Called, and not connected with the service yet. */
  readonly #ringing = new Set<OutboundLeg>();
  #atOnce = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: DiallerOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => Date.now());
    this.#config = options.config;
    this.#patterns = options.config.allowedTargets.map((pattern) => new RegExp(pattern));
    this.#pace = new TokenBucket(options.config.callsPerSecond);
    this.#doNotCall = new DoNotCall(options.config.doNotCallFile, options.logger);
  }

  start(): void {
    this.#restore();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Conversations go on, what only rings is called off; what waits is kept in the file where there is one. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#save();
    // Nobody would be there when it is answered.
    for (const leg of this.#ringing) leg.hangup('normal', 'the bridge is being stopped');
  }

  apply(config: OutboundConfig): void {
    const fileChanged = config.doNotCallFile !== this.#config.doNotCallFile;
    this.#config = config;
    this.#patterns = config.allowedTargets.map((pattern) => new RegExp(pattern));
    this.#pace = new TokenBucket(config.callsPerSecond);
    if (fileChanged) this.#doNotCall = new DoNotCall(config.doNotCallFile, this.#options.logger);
  }

  get doNotCall(): DoNotCall {
    return this.#doNotCall;
  }

  get jobs(): readonly OutboundJob[] {
    return [...this.#jobs.values()];
  }

  job(id: string): OutboundJob | undefined {
    return this.#jobs.get(id);
  }

  /** Takes a wish. The answer says why not, or the job. */
  add(input: unknown): { readonly job: OutboundJob } | { readonly status: number; readonly error: string } {
    const parsed = callRequestSchema.safeParse(input);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return { status: 400, error: `${issue?.path.join('.') || 'the request'}: ${issue?.message ?? 'is not valid'}` };
    }
    const request = parsed.data;
    const problem = this.#problem(request);
    if (problem) return problem;
    const waiting = this.jobs.filter(({ state }) => state === 'waiting').length;
    if (waiting >= this.#config.maxWaiting) return { status: 503, error: 'too many calls are waiting' };
    const dueMs = nextOpening(this.#config.hours, Math.max(this.#nowMs(), request.earliestMs ?? 0));
    if (request.latestMs !== undefined && dueMs > request.latestMs) {
      return { status: 409, error: 'there are no calling hours before `latestMs`' };
    }
    const job: OutboundJob = { id: randomUUID(), request, state: 'waiting', dueMs, attempts: [] };
    this.#jobs.set(job.id, job);
    this.#forget();
    this.#save();
    return { job };
  }

  /** False when it is not waiting any more. */
  cancel(id: string): boolean {
    const job = this.#jobs.get(id);
    if (job?.state !== 'waiting') return false;
    job.state = 'cancelled';
    this.#save();
    return true;
  }

  #problem({ to }: CallRequest): { status: number; error: string } | undefined {
    const target = to.slice(0, MAX_PATTERN_INPUT);
    if (!this.#patterns.some((pattern) => pattern.test(target))) {
      return { status: 403, error: 'the target is not in bridge.outbound.allowedTargets' };
    }
    return this.#doNotCall.has(to) ? { status: 403, error: 'the target is on the do-not-call list' } : undefined;
  }

  #tick(): void {
    const nowMs = this.#nowMs();
    for (const job of this.#jobs.values()) {
      if (this.#stopped || this.#atOnce >= this.#config.maxAtOnce || !this.#options.hasRoom()) return;
      if (job.state !== 'waiting' || job.dueMs > nowMs) continue;
      if (job.request.latestMs !== undefined && nowMs > job.request.latestMs) {
        this.#giveUp(job, 'its time has passed');
        continue;
      }
      if (!isOpen(this.#config.hours, nowMs)) {
        job.dueMs = nextOpening(this.#config.hours, nowMs);
        continue;
      }
      // The list and the rules may have changed since it was asked for.
      const problem = this.#problem(job.request);
      if (problem) {
        this.#giveUp(job, problem.error);
        continue;
      }
      if (!this.#pace.take(nowMs)) return;
      this.#call(job).catch((error: unknown) =>
        this.#options.logger.error({ job: job.id, err: messageOf(error) }, 'a call could not be placed'),
      );
    }
  }

  async #call(job: OutboundJob): Promise<void> {
    const { request } = job;
    const { logger } = this.#options;
    job.state = 'calling';
    this.#atOnce++;
    logger.info({ job: job.id, to: maskAddress(request.to), attempt: job.attempts.length + 1 }, 'placing a call');
    try {
      const attempt = await this.#attempt(job);
      // Called off by ourselves: that was no attempt, and the next process makes it.
      if (this.#stopped && job.state === 'calling') return;
      job.attempts.push(attempt);
      this.#after(job, attempt);
    } catch (error) {
      const attempt = {
        atMs: this.#nowMs(),
        callId: '',
        result: 'failed' as const,
        status: 0,
        reason: messageOf(error),
      };
      job.attempts.push(attempt);
      this.#after(job, attempt);
    } finally {
      this.#atOnce--;
      this.#save();
    }
  }

  async #attempt(job: OutboundJob): Promise<Attempt> {
    const { request } = job;
    const atMs = this.#nowMs();
    const leg = await this.#options.place(request, request.ringTimeoutMs || this.#config.ringTimeoutMs);
    if (!leg.end) this.#ringing.add(leg);
    leg.on('ended', () => this.#ringing.delete(leg));
    if (this.#stopped) leg.hangup('normal', 'the bridge is being stopped');
    const base = { atMs, callId: leg.callId };
    if (!(await upOrOver(leg))) {
      const { status = 0, reason = '' } = leg.end ?? {};
      await this.#part(job, leg, { startedAtMs: atMs, answeredAtMs: undefined });
      return { ...base, result: resultOf(leg), status, reason };
    }
    const answeredAtMs = this.#nowMs();
    const detection = await this.#detect(leg, request);
    const answer = { ...base, ...(detection ? { detection } : {}), status: 200 };
    if (leg.end) {
      await this.#part(job, leg, { startedAtMs: atMs, answeredAtMs }, detection);
      return { ...answer, result: 'no-answer', reason: 'they hung up at once' };
    }
    const machine = detection?.answeredBy === 'machine';
    if (machine && (request.onMachine ?? this.#config.answerDetection.onMachine) === 'hangup') {
      leg.hangup('normal', 'a machine answered');
      await this.#part(job, leg, { startedAtMs: atMs, answeredAtMs }, detection);
      return { ...answer, result: 'machine', reason: detection.why };
    }
    job.state = 'talking';
    this.#ringing.delete(leg);
    const call = this.#options.connect(leg, this.#facts(job, leg, detection));
    await new Promise<void>((resolve) => call.on('over', () => resolve()));
    return { ...answer, result: machine ? 'machine' : 'person', reason: detection?.why ?? '' };
  }

  /** With a call that the service never saw. */
  async #part(
    job: OutboundJob,
    leg: OutboundLeg,
    times: { readonly startedAtMs: number; readonly answeredAtMs: number | undefined },
    detection?: Detection,
  ): Promise<void> {
    const summary = await partWith(leg, { ...times, endedAtMs: this.#nowMs() });
    this.#options.record?.(this.#facts(job, leg, detection), summary);
  }

  #facts(job: OutboundJob, leg: OutboundLeg, detection: Detection | undefined): CallFacts {
    const { request } = job;
    const { trunk, application, language, greeting, digits, headers } = request;
    return {
      callId: leg.callId,
      direction: 'outbound',
      caller: request.callerId ?? leg.endpoint.contactUri,
      callee: request.to,
      headers: {
        ...headers,
        'X-Hearken-Job': job.id,
        'X-Hearken-Answered-By': detection?.answeredBy ?? 'unknown',
      },
      remoteAddress: leg.remoteTarget ?? '',
      trunk,
      route: {
        ...(trunk === undefined ? {} : { trunk }),
        ...(application === undefined ? {} : { application }),
        ...(language === undefined ? {} : { language }),
        ...(greeting === undefined ? {} : { greeting }),
      },
      digits,
    };
  }

  /** Listens to the greeting. Undefined: not asked for. For a machine that gets a message it waits for the beep. */
  async #detect(leg: OutboundLeg, request: CallRequest): Promise<Detection | undefined> {
    const settings = this.#config.answerDetection;
    if (!settings.enabled) return undefined;
    const detector = new AnswerDetector(settings);
    const found = await listen(leg, settings.longestMs + 1000, (samples) => detector.accept(samples));
    if (found?.answeredBy !== 'machine' || (request.onMachine ?? settings.onMachine) === 'hangup') return found;
    const beep = new BeepDetector(settings);
    await listen(leg, settings.beepWaitMs + 1000, (samples) => (beep.accept(samples) ? true : undefined));
    return found;
  }

  #after(job: OutboundJob, { result, status, reason }: Attempt): void {
    const { retry, hours } = this.#config;
    const done = result === 'person' || (result === 'machine' && job.state === 'talking');
    if (done) {
      job.state = 'done';
      return;
    }
    if (result === 'refused') {
      this.#giveUp(job, `they refused it with ${status} ${reason}`.trim());
      return;
    }
    if (job.attempts.length >= (job.request.attempts ?? retry.attempts)) {
      this.#giveUp(job, `${job.attempts.length} attempts, the last: ${result}`);
      return;
    }
    const waitMs = {
      busy: retry.busyWaitMs,
      'no-answer': retry.noAnswerWaitMs,
      machine: retry.machineWaitMs,
      failed: retry.failedWaitMs,
    }[result as 'busy' | 'no-answer' | 'machine' | 'failed'];
    job.state = 'waiting';
    job.dueMs = nextOpening(hours, this.#nowMs() + (waitMs ?? retry.failedWaitMs));
    if (job.request.latestMs !== undefined && job.dueMs > job.request.latestMs)
      this.#giveUp(job, 'its time has passed');
  }

  #giveUp(job: OutboundJob, why: string): void {
    job.state = 'given-up';
    job.why = why;
    this.#options.logger.info({ job: job.id, why }, 'a call is given up');
  }

  #forget(): void {
    const over = this.jobs.filter(({ state }) => state === 'done' || state === 'given-up' || state === 'cancelled');
    for (const { id } of over.slice(0, Math.max(0, over.length - MAX_FINISHED))) this.#jobs.delete(id);
  }

  #save(): void {
    const { queueFile } = this.#config;
    if (queueFile === undefined) return;
    const open = this.jobs.filter(({ state }) => state === 'waiting' || state === 'calling');
    try {
      writeFileSync(`${queueFile}.new`, JSON.stringify(open.map((job) => ({ ...job, state: 'waiting' }))), {
        mode: 0o600,
      });
      renameSync(`${queueFile}.new`, queueFile);
    } catch (error) {
      this.#options.logger.error({ file: queueFile, err: messageOf(error) }, 'waiting calls could not be kept');
    }
  }

  #restore(): void {
    const { queueFile } = this.#config;
    if (queueFile === undefined) return;
    try {
      const kept: unknown = JSON.parse(readFileSync(queueFile, 'utf8'));
      for (const entry of Array.isArray(kept) ? kept.slice(0, this.#config.maxWaiting) : []) {
        const { id, request, dueMs, attempts } = entry as OutboundJob;
        const parsed = callRequestSchema.safeParse(request);
        if (!parsed.success || typeof id !== 'string') continue;
        this.#jobs.set(id, {
          id,
          request: parsed.data,
          state: 'waiting',
          dueMs: Number(dueMs) || 0,
          attempts: attempts ?? [],
        });
      }
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return;
      throw new BridgeError('CONFIG_INVALID', `The calls kept in ${queueFile} can't be read: ${messageOf(error)}`, {
        hint: 'Mend or remove the file of bridge.outbound.queueFile.',
        cause: error,
      });
    }
  }
}

function resultOf({ end }: OutboundLeg): CallResult {
  if (!end) return 'failed';
  if (end.cause === 'busy') return 'busy';
  if (end.cause === 'no-answer') return 'no-answer';
  if (end.cause === 'rejected' || end.status === 404 || end.status === 604) return 'refused';
  return 'failed';
}

function upOrOver(leg: OutboundLeg): Promise<boolean> {
  if (leg.established) return Promise.resolve(true);
  if (leg.end) return Promise.resolve(false);
  return new Promise((resolve) => {
    leg.once('established', () => resolve(true));
    leg.once('ended', () => resolve(false));
  });
}

/** Hands samples over until something was found, the call ended or the time is up. */
function listen<Found>(
  leg: OutboundLeg,
  limitMs: number,
  accept: (samples: Int16Array) => Found | undefined,
): Promise<Found | undefined> {
  const stream = leg.media?.stream;
  if (!stream || leg.end) return Promise.resolve(undefined);
  const reader = new LineReader(leg.line ?? 'pcmu', 8000);
  return new Promise((resolve) => {
    const finish = (found: Found | undefined): void => {
      clearTimeout(limit);
      stream.off('frame', onFrame);
      leg.off('ended', onEnded);
      resolve(found);
    };
    const onEnded = (): void => finish(undefined);
    const onFrame = ({ payload }: { readonly payload: Uint8Array }): void => {
      const found = accept(reader.read(payload));
      if (found !== undefined) finish(found);
    };
    const limit = setTimeout(() => finish(undefined), limitMs);
    stream.on('frame', onFrame);
    leg.on('ended', onEnded);
  });
}
