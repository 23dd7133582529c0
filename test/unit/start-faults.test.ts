import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HearkenError } from '../../src/errors.js';
import { listenFault, requireApplication, requireDataFolder } from '../../src/start-faults.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-start-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function listenAt(host: string, port: number): Promise<unknown> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

describe('a service that can not start', () => {
  it('tells who has the port and which key moves it', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const fault = listenFault(await listenAt('127.0.0.1', port), '127.0.0.1', port) as HearkenError;
    await new Promise((resolve) => other.close(resolve));
    expect(fault).toBeInstanceOf(HearkenError);
    expect(fault.message).toBe(`Port ${port} on 127.0.0.1 is taken by another process.`);
    expect(fault.hint).toContain('http.port (HEARKEN_PORT)');
  });

  it('tells that the address is none of this machine', async () => {
    const fault = listenFault(await listenAt('203.0.113.9', 0), '203.0.113.9', 0) as HearkenError;
    expect(fault.message).toContain('no address of this machine');
    expect(fault.hint).toContain('HEARKEN_HOST');
  });

  it('leaves other faults as they are', () => {
    const error = new Error('something else');
    expect(listenFault(error, '127.0.0.1', 1)).toBe(error);
  });

  it('names the folder where nothing can be written, and the application that is not there', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => requireDataFolder(join(folder, 'file', 'data'))).toThrow(/data folder .* can't be written to/);
    expect(() => requireDataFolder(join(folder, 'new', 'data'))).not.toThrow();
    expect(() => requireApplication(join(folder, 'nowhere'))).toThrow(/no application at/);
  });
});
