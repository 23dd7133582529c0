import type { ActionContext, ActionResult } from '../api.js';

/** What the service and the process that runs an application's own actions say to each other. */

export interface WorkerFiles {
  /** Bundled modules, with the files they were made of. */
  readonly modules: readonly { readonly path: string; readonly source: string }[];
  /** `endpoints.yml`: the same for every action, so it travels once. */
  readonly endpoints: ActionContext['endpoints'];
  /** All slots of the application: an action is given null for those without a value. */
  readonly slots: readonly string[];
}

/** What an action gets, without what the process adds itself. Slots: only those with a value. */
export type SentRequest = Omit<ActionContext, 'signal' | 'endpoints'>;

export interface KnownAction {
  readonly name: string;
  readonly source: string;
  readonly timeoutMs: number | undefined;
  readonly lookup: boolean;
  readonly wait: { readonly afterMs?: number; readonly response?: string } | undefined;
}

/**
 * Both sides gather what they have to say and send it in one message. Requests are begun in the order they were told to: with `run` at once (`go`), or with a later `go` in
 * answer to `ready`. Before each is begun that is written down (`BegunRecord`), or where that is not possible it is told that the one before has `yielded`: so of a process that
 * dies it is known which requests it never began.
 */
export type ToWorker =
  /** `recorded`: there is a record of what is begun. */
  | { readonly type: 'load'; readonly files: WorkerFiles; readonly recorded: boolean }
  | {
      readonly type: 'run';
      readonly id: number;
      readonly name: string;
      readonly request: SentRequest;
      readonly go: boolean;
    }
  | { readonly type: 'go'; readonly id: number }
  /** Never to be begun. */
  | { readonly type: 'drop'; readonly id: number }
  | { readonly type: 'abort'; readonly id: number; readonly reason: string }
  | { readonly type: 'ping' }
  | { readonly type: 'close' };

export type FromWorker =
  | { readonly type: 'loaded'; readonly actions: readonly KnownAction[] }
  | { readonly type: 'refused'; readonly source: string; readonly what: string; readonly hint: string }
  | { readonly type: 'ready'; readonly id: number }
  /** This action has given control back: it is done, or waits for something. */
  | { readonly type: 'yielded'; readonly id: number }
  | { readonly type: 'done'; readonly id: number; readonly result: ActionResult | undefined }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | { readonly type: 'pong' };
