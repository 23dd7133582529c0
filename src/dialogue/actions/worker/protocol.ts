import type { ActionContext, ActionResult } from '../api.js';

/** What the service and the process that runs an application's own actions say to each other. */

export interface WorkerFiles {
  /** Bundled modules, with the files they were made of. */
  readonly modules: readonly { readonly path: string; readonly source: string }[];
  /** `endpoints.yml`: the same for every action, so it travels once. */
  readonly endpoints: ActionContext['endpoints'];
}

/** What an action gets, without what the process adds itself. */
export type SentRequest = Omit<ActionContext, 'signal' | 'endpoints'>;

export interface KnownAction {
  readonly name: string;
  readonly source: string;
  readonly timeoutMs: number | undefined;
  readonly wait: { readonly afterMs?: number; readonly response?: string } | undefined;
}

/** A request is begun only after `ready` was answered with `go`: one that was moved to another process meanwhile is never done twice. */
export type ToWorker =
  | { readonly type: 'load'; readonly files: WorkerFiles }
  | { readonly type: 'run'; readonly id: number; readonly name: string; readonly request: SentRequest }
  | { readonly type: 'go'; readonly id: number }
  | { readonly type: 'drop'; readonly id: number }
  | { readonly type: 'abort'; readonly id: number; readonly reason: string }
  | { readonly type: 'ping' }
  | { readonly type: 'close' };

export type FromWorker =
  | { readonly type: 'loaded'; readonly actions: readonly KnownAction[] }
  | { readonly type: 'refused'; readonly source: string; readonly what: string; readonly hint: string }
  | { readonly type: 'ready'; readonly id: number }
  /** The action begun last has given control back: it is done, or waits for something. */
  | { readonly type: 'yielded' }
  | { readonly type: 'done'; readonly id: number; readonly result: ActionResult | undefined }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | { readonly type: 'pong' };
