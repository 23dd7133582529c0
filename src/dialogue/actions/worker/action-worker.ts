import { pathToFileURL } from 'node:url';
import { leaveStopSignalsToParent } from '../../../owned-process.js';
import type { ActionDefinition, ActionModule, ActionResult } from '../api.js';
import type { FromWorker, KnownAction, SentRequest, ToWorker, WorkerFiles } from './protocol.js';

/**
 * The process an application's own actions run in. Code that never comes back or fills the memory can be stopped only from outside, and what it breaks is its
 * own. Bundled together with its imports when the application is loaded; it knows nothing of the rest of the service.
 */
let loading: Promise<void> = Promise.resolve();
let endpoints: WorkerFiles['endpoints'] = {};
/** Not begun yet. */
const waiting = new Map<number, { readonly name: string; readonly request: SentRequest }>();
const actions = new Map<string, ActionDefinition>();
const running = new Map<number, AbortController>();
const closers: (() => Promise<void> | void)[] = [];

function send(message: FromWorker): void {
  process.send?.(message);
}

async function load({ modules, endpoints: given }: WorkerFiles): Promise<void> {
  endpoints = given;
  const known: KnownAction[] = [];
  for (const { path, source } of modules) {
    let module: ActionModule;
    try {
      module = (await import(pathToFileURL(path).href)) as ActionModule;
    } catch (error) {
      return send({
        type: 'refused',
        source,
        what: `it fails when it is loaded: ${messageOf(error)}`,
        hint: 'Mend the code that runs at its top level.',
      });
    }
    const listed: unknown = module.default;
    for (const each of Array.isArray(listed) ? listed : [listed]) {
      const definition = each as ActionDefinition | undefined;
      if (typeof definition?.name !== 'string' || typeof definition.run !== 'function') {
        return send({
          type: 'refused',
          source,
          what: 'its default export is no action',
          hint: 'Write "export default { name: \'action_…\', run(context) { … } }" or a list of those.',
        });
      }
      if (actions.has(definition.name))
        return send({
          type: 'refused',
          source,
          what: `the action "${definition.name}" is defined twice`,
          hint: 'Rename one of them.',
        });
      actions.set(definition.name, definition);
      known.push({ name: definition.name, source, timeoutMs: definition.timeoutMs, wait: definition.wait });
    }
    if (typeof module.close === 'function') closers.push(module.close);
  }
  send({ type: 'loaded', actions: known });
}

async function run(id: number): Promise<void> {
  const asked = waiting.get(id);
  waiting.delete(id);
  const abort = new AbortController();
  if (asked !== undefined) running.set(id, abort);
  const doing = asked === undefined ? undefined : start(asked, abort.signal);
  send({ type: 'yielded' });
  try {
    send({ type: 'done', id, result: await doing });
  } catch (error) {
    // What can't be sent comes here too.
    send({ type: 'failed', id, message: messageOf(error) });
  } finally {
    running.delete(id);
  }
}

async function start(
  { name, request }: { readonly name: string; readonly request: SentRequest },
  signal: AbortSignal,
): Promise<ActionResult | undefined> {
  return actions.get(name)?.run({ ...request, endpoints, signal });
}

async function close(): Promise<void> {
  for (const [, abort] of running) abort.abort(new Error('the service stops'));
  for (const closer of closers.splice(0)) {
    try {
      await closer();
    } catch {
      // The next one is closed all the same.
    }
  }
  process.disconnect();
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 2000);
}

function take(message: ToWorker): void {
  switch (message.type) {
    case 'load':
      loading = load(message.files);
      return;
    case 'run':
      waiting.set(message.id, { name: message.name, request: message.request });
      void loading.then(() => send({ type: 'ready', id: message.id }));
      return;
    case 'go':
      void run(message.id);
      return;
    case 'drop':
      waiting.delete(message.id);
      return;
    case 'abort':
      running.get(message.id)?.abort(new Error(message.reason));
      return;
    case 'ping':
      send({ type: 'pong' });
      return;
    case 'close':
      void close();
  }
}

process.on('message', (message: ToWorker) => take(message));
// The service is gone, or has had enough of us.
process.on('disconnect', () => process.exit(0));
leaveStopSignalsToParent();
// A promise that an action forgot must not take the others along.
process.on('unhandledRejection', () => undefined);
