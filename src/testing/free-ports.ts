import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Below what the system hands out by itself (32768 and up on Linux): nobody's outgoing connection takes one of these meanwhile. */
const FIRST = 20_000;
const BLOCK = 1000;
const BLOCKS = 12;

/** The block of this process, and where in it the next search begins. */
let claimed: Promise<{ readonly first: number; next: number }> | undefined;

/**
 * The first, even, of `count` neighbouring ports (at most 100) that are free for UDP and TCP on loopback right now. Nobody else is given them meanwhile: each process has a block of
 * ports for itself, and goes round in it. Throws when there are none.
 */
export async function freePorts(count = 1): Promise<number> {
  claimed ??= claimBlock();
  const block = await claimed;
  for (let tried = 0; tried < BLOCK; tried += 2) {
    if (block.next + count > block.first + BLOCK) block.next = block.first + 2;
    const first = block.next;
    block.next += count + (count % 2);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
  throw new Error(`no ${count} neighbouring ports are free in ${block.first}-${block.first + BLOCK - 1}`);
}

/** A block is whose socket listens on its first port; the system lets go of it when that process ends, however it ends. */
async function claimBlock(): Promise<{ readonly first: number; next: number }> {
  for (let index = 0; index < BLOCKS; index++) {
    // Not everybody begins at the same one: a port rests between one run and the next.
    const first = FIRST + BLOCK * ((process.pid + index) % BLOCKS);
    const claim = createServer((socket) => socket.destroy()).unref();
    const mine = await new Promise<boolean>((resolve) => {
      claim.once('error', () => resolve(false));
      claim.listen({ port: first, host: '127.0.0.1', exclusive: true }, () => resolve(true));
    });
    if (mine) return { first, next: first + 2 };
  }
  throw new Error(`all ${BLOCKS} blocks of ports from ${FIRST} on are taken: end the test processes that still run`);
}

async function isFree(port: number): Promise<boolean> {
  const tcp = new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  const udp = new Promise<boolean>((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind(port, '127.0.0.1', () => socket.close(() => resolve(true)));
  });
  return (await tcp) && (await udp);
}
