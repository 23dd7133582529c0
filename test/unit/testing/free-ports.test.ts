import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { freePorts } from '../../../src/testing/free-ports.js';
import { root, Stage, TestProcess } from '../../support/processes.js';

const stage = new Stage();
afterEach(() => stage.clear());

const ASK = `
  const { freePorts } = await import('./src/testing/free-ports.ts');
  const ports = [];
  for (let index = 0; index < 600; index++) ports.push(await freePorts());
  console.log(JSON.stringify(ports));
  process.stdin.resume();
`;

async function portsOfAnotherProcess(): Promise<number[]> {
  const child = stage.add(
    new TestProcess({
      command: process.execPath,
      args: ['--import', 'tsx', '--input-type=module', '-e', ASK],
      cwd: root,
      typed: true,
      // What vitest gives as a worker's number is no help: two workers can have the same.
      env: { VITEST_POOL_ID: '1' },
    }),
  );
  const [line] = await child.printed(/\[.*\]/);
  return JSON.parse(line) as number[];
}

it('gives no port to two processes, however many they ask for', async () => {
  const [first, second] = await Promise.all([portsOfAnotherProcess(), portsOfAnotherProcess()]);
  const own = await Promise.all(Array.from({ length: 20 }, () => freePorts()));
  const [a, b, c] = [new Set(first), new Set(second), new Set(own)];
  expect(c.size).toBe(20);
  expect([...a].filter((port) => b.has(port) || c.has(port))).toEqual([]);
  expect([...b].filter((port) => c.has(port))).toEqual([]);
});

it('passes over neighbours of which one is taken, for UDP or for TCP', async () => {
  const before = await freePorts();
  const udp = createSocket('udp4');
  const tcp = createServer();
  stage.add({ stop: () => new Promise<void>((resolve) => udp.close(resolve)) });
  stage.add({ stop: () => new Promise<void>((resolve) => tcp.close(() => resolve())) });
  await new Promise<void>((resolve) => udp.bind(before + 3, '127.0.0.1', resolve));
  await new Promise<void>((resolve) => tcp.listen(before + 7, '127.0.0.1', resolve));

  const first = await freePorts(4);
  const given = [first, first + 1, first + 2, first + 3];
  expect(given).not.toContain(before + 3);
  expect(given).not.toContain(before + 7);
});
