import { spawnSync } from 'node:child_process';
import { findProgram } from './needs.js';
import { TestProcess } from './processes.js';

const ENV = { PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };

/** Entering a namespace of a process, as the user that made it. */
const enter = (pid: number): readonly string[] => ['nsenter', '-t', String(pid), '-U', '-n', '--preserve-credentials'];

/** Whether this machine lets us make network namespaces of our own (as any user; containers often forbid it). */
export const namespacesAllowed: boolean =
  ['unshare', 'nsenter', 'ip'].every((name) => findProgram(name) !== undefined) &&
  spawnSync('unshare', ['-Urn', 'ip', 'link', 'add', 'a', 'type', 'veth', 'peer', 'name', 'b'], {
    env: ENV,
    timeout: 60_000,
  }).status === 0;

export interface Host {
  readonly address: string;
  /** In front of a command that is to run there; empty where there are no namespaces. */
  readonly through: readonly string[];
}

/**
 * Two hosts and one between them, each in a network namespace of its own: `left` and `right` reach the one in the middle and not each other. Nothing of the
 * machine's own network is touched, and all of it is gone with the processes. Without namespaces all three are the loopback interface.
 */
export class Hosts {
  readonly left: Host;
  readonly right: Host;
  /** The middle as `left` and as `right` see it, and one more address towards `right`. */
  readonly middle: {
    readonly left: string;
    readonly right: string;
    readonly moved: string;
    readonly through: readonly string[];
  };
  readonly #holders: readonly TestProcess[];

  private constructor(holders: readonly TestProcess[]) {
    this.#holders = holders;
    const [middle, left, right] = holders.map(({ pid }) => enter(pid));
    if (middle && left && right) {
      this.left = { address: '10.77.1.2', through: left };
      this.right = { address: '10.77.2.2', through: right };
      this.middle = { left: '10.77.1.1', right: '10.77.2.1', moved: '10.77.2.9', through: middle };
    } else {
      this.left = this.right = { address: '127.0.0.1', through: [] };
      this.middle = { left: '127.0.0.1', right: '127.0.0.1', moved: '127.0.0.2', through: [] };
    }
  }

  static async create(namespaces: boolean): Promise<Hosts> {
    if (!namespaces) return new Hosts([]);
    const middle = await hold(['unshare', '-Urn']);
    const left = await hold([...enter(middle.pid), 'unshare', '-n']);
    const right = await hold([...enter(middle.pid), 'unshare', '-n']);
    const hosts = new Hosts([middle, left, right]);
    const wire = (name: string, end: TestProcess, ours: readonly string[], theirs: string): void => {
      ip(middle, `link add ${name} type veth peer name eth0 netns ${end.pid}`);
      for (const address of ours) ip(middle, `addr add ${address}/24 dev ${name}`);
      ip(middle, `link set ${name} up`);
      ip(end, 'link set lo up');
      ip(end, `addr add ${theirs}/24 dev eth0`);
      ip(end, 'link set eth0 up');
    };
    ip(middle, 'link set lo up');
    wire('left', left, [hosts.middle.left], hosts.left.address);
    wire('right', right, [hosts.middle.right, hosts.middle.moved], hosts.right.address);
    return hosts;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#holders.map((holder) => holder.stop('SIGKILL')));
  }
}

/** A process that keeps a namespace alive, and ends with us. */
async function hold(command: readonly string[]): Promise<TestProcess> {
  const [first = '', ...rest] = command;
  const holder = new TestProcess({ command: first, args: [...rest, 'sh', '-c', 'echo held; exec cat'], typed: true });
  await holder.ready(/held/);
  return holder;
}

function ip({ pid }: TestProcess, what: string): void {
  const [program = '', ...rest] = enter(pid);
  const { status, stderr } = spawnSync(program, [...rest, 'ip', ...what.split(' ')], { env: ENV, timeout: 60_000 });
  if (status !== 0) throw new Error(`ip ${what}: ${stderr.toString('utf8')}`);
}
