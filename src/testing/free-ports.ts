import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Below what the system hands out by itself (32768 and up on Linux): nobody's outgoing connection takes one of these meanwhile. */
const FIRST = 20_000;
const BLOCK = 2000;
const BLOCKS = 6;

/** Handed out by this process already, bound by now or not. */
const taken = new Set<number>();

/**
 * The first, even, of `count` neighbouring ports that are free for UDP and TCP on loopback right now, and that nobody else is given: none twice in a process, and test
 * processes that run side by side look in ranges of their own.
 */
export async function freePorts(count = 1): Promise<number> {
  const own = FIRST + BLOCK * (Number(process.env.VITEST_POOL_ID ?? process.pid) % BLOCKS);
  for (let attempt = 0; attempt < 200; attempt++) {
    const first = own + 2 * Math.floor((Math.random() * (BLOCK - count)) / 2);
    const block = Array.from({ length: count }, (_, index) => first + index);
    if (block.some((port) => taken.has(port))) continue;
    for (const port of block) taken.add(port);
    if ((await Promise.all(block.map(isFree))).every(Boolean)) return first;
  }
  throw new Error('no free ports found');
}

async function isFree(port: number): Promise<boolean> {
  const tcp = new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  const udp = new Promise<boolean>((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
  return (await tcp) && (await udp);
}
