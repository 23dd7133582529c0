import { writeSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { leaveStopSignalsToParent } from '../../../owned-process.js';
import type { ActionDefinition, ActionModule, ActionResult } from '../api.js';
import { RECORD_BYTES, RECORD_FD } from './begun-record.js';
import type { FromWorker, KnownAction, SentRequest, ToWorker, WorkerFiles } from './protocol.js';

/**
 * The process an application's own actions run in. Code that never comes back or fills the memory can be stopped only from outside, and what it breaks is its
 * own. Bundled together with its imports when the application is loaded; it knows nothing of the rest of the service.
 */
let loading: Promise<void> = Promise.resolve();
/** Whether there is a record of what is begun. */
let recorded = false;
let endpoints: WorkerFiles['endpoints'] = {};
/** Every slot, without a value. */
let noSlots: Readonly<Record<string, null>> = {};
/** Not begun yet. */
const waiting = new Map<number, { readonly name: string; readonly request: SentRequest }>();
/** Told to go, in this order. */
const told: number[] = [];
const actions = new Map<string, ActionDefinition>();
const running = new Map<number, AbortController>();
const closers: (() => Promise<void> | void)[] = [];

let outgoing: FromWorker[] = [];

/** What is said in one go of the event loop is one message: each one wakes the service. */
function send(message: FromWorker): void {
  if (outgoing.length === 0) setImmediate(flush);
  outgoing.push(message);
}

function flush(): void {
  if (outgoing.length === 0) return;
  const messages = outgoing;
  outgoing = [];
  try {
    process.send?.(messages);
  } catch {
    // One of them can't be sent: that one has failed, the others must not suffer.
    for (const message of messages) sendAlone(message);
  }
}

function sendAlone(message: FromWorker): void {
  try {
    process.send?.([message]);
  } catch (error) {
    if (message.type === 'done') process.send?.([{ type: 'failed', id: message.id, message: messageOf(error) }]);
  }
}

async function load({ modules, endpoints: given, slots }: WorkerFiles): Promise<void> {
  endpoints = given;
  noSlots = Object.fromEntries(slots.map((name) => [name, null]));
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
      const { name, timeoutMs, wait } = definition;
      known.push({ name, source, timeoutMs, wait, lookup: definition.lookup === true });
    }
    if (typeof module.close === 'function') closers.push(module.close);
  }
  send({ type: 'loaded', actions: known });
}

/** Begins what was told to go. It is done when all that has arrived has been read: what was taken back meanwhile is not begun. */
function beginTold(): void {
  // Should one of them never give control back, or end the process, what was done before has been told.
  flush();
  for (let id = told.shift(); id !== undefined; id = told.shift()) {
    const asked = waiting.get(id);
    if (asked === undefined) continue;
    waiting.delete(id);
    // And it is known which of them it was.
    if (!record(id)) flush();
    const abort = new AbortController();
    running.set(id, abort);
    const doing = start(asked, abort.signal);
    send({ type: 'yielded', id });
    void finish(id, doing);
  }
}

const recordBytes = Buffer.alloc(RECORD_BYTES);

/** Writes down that this is the one begun last; false when that is not possible. */
function record(id: number): boolean {
  if (!recorded) return false;
  try {
    recordBytes.writeDoubleLE(id);
    return writeSync(RECORD_FD, recordBytes, 0, RECORD_BYTES, 0) === RECORD_BYTES;
  } catch {
    return false;
  }
}

async function finish(id: number, doing: Promise<ActionResult | undefined>): Promise<void> {
  try {
    send({ type: 'done', id, result: await doing });
  } catch (error) {
    send({ type: 'failed', id, message: messageOf(error) });
  } finally {
    running.delete(id);
  }
}

async function start(
  { name, request }: { readonly name: string; readonly request: SentRequest },
  signal: AbortSignal,
): Promise<ActionResult | undefined> {
  return actions.get(name)?.run({ ...request, slots: { ...noSlots, ...request.slots }, endpoints, signal });
}

function go(id: number): void {
  if (told.length === 0) setImmediate(beginTold);
  told.push(id);
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
  flush();
  // Not from within a message: Node breaks when the channel goes while it hands over what came before anybody listened (seen with 20.20).
  setImmediate(() => {
    if (process.connected) process.disconnect();
  });
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 2000);
}

function take(message: ToWorker): void {
  switch (message.type) {
    case 'load':
      recorded = message.recorded;
      loading = load(message.files);
      return;
    case 'run':
      waiting.set(message.id, { name: message.name, request: message.request });
      void loading.then(() => (message.go ? go(message.id) : send({ type: 'ready', id: message.id })));
      return;
    case 'go':
      go(message.id);
      return;
    case 'drop':
      waiting.delete(message.id);
      return;
    case 'abort':
      if (waiting.delete(message.id)) send({ type: 'failed', id: message.id, message: message.reason });
      running.get(message.id)?.abort(new Error(message.reason));
      return;
    case 'ping':
      send({ type: 'pong' });
      return;
    case 'close':
      void close();
  }
}

process.on('message', (messages: readonly ToWorker[]) => {
  for (const message of messages) take(message);
});
// The service is gone, or has had enough of us.
process.on('disconnect', () => process.exit(0));
leaveStopSignalsToParent();
// A promise that an action forgot must not take the others along.
process.on('unhandledRejection', () => undefined);
