import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { SERVICE_FLAGS } from '../src/cli/service-flags.js';
import type { CpuMs, ServiceOptions, ToService } from './chat-service.js';

/** The service under test, in its own process with the flags that `hearken start` gives it. */
export class Service {
  readonly #child: ChildProcess;
  readonly #port: Promise<number>;

  constructor(entry: string, options: ServiceOptions) {
    this.#child = fork(entry, ['serve', JSON.stringify(options)], {
      execArgv: [
        ...process.execArgv,
        ...SERVICE_FLAGS,
        ...(process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter(Boolean),
      ],
    });
    this.#port = this.#heard('port') as Promise<number>;
  }

  port(): Promise<number> {
    return this.#port;
  }

  async cpu(): Promise<CpuMs> {
    return (await this.#ask({ ask: 'cpu' }, 'cpu')) as CpuMs;
  }

  async log(
    prefix: string,
    conversations: number,
    turns: number,
  ): Promise<{ readonly lost: number; readonly twice: number }> {
    const wanted = { ask: 'log', prefix, conversations, turns } as const;
    return (await this.#ask(wanted, 'log')) as { lost: number; twice: number };
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    await this.#ask({ ask: 'stop' }, 'stopped');
    await ended;
  }

  #ask(message: ToService, answer: string): Promise<unknown> {
    const heard = this.#heard(answer);
    this.#child.send(message);
    return heard;
  }

  #heard(key: string): Promise<unknown> {
    return heardFrom(this.#child, key, 'the service');
  }
}

/** What a process says under a key, the first time from now on. Rejects when the process ends before. */
export function heardFrom(child: ChildProcess, key: string, who: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const end = (code: number | null): void => reject(new Error(`${who} ended with code ${code}`));
    const take = (value: Readonly<Record<string, unknown>>): void => {
      if (!(key in value)) return;
      child.off('message', take);
      child.off('exit', end);
      resolve(value[key]);
    };
    child.on('message', take);
    child.once('exit', end);
  });
}
