import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ChecksumBook } from '../../../src/speech/checksums.js';
import { download } from '../../../src/speech/download.js';
import type { Manifest, Model } from '../../../src/speech/manifest.js';
import { pullModel } from '../../../src/speech/pull.js';
import { ModelRegistry } from '../../../src/speech/registry.js';
import { unpackTarBz2 } from '../../../src/speech/unpack.js';
import { verifyModel } from '../../../src/speech/verify.js';

const BODY = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 7919) % 251));
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

let folder = '';
let server: Server;
let base = '';
let requests: { url: string; range: string | undefined }[] = [];
let handle: (url: string, range: string | undefined, response: ServerResponse) => void;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-pull-'));
  requests = [];
  server = createServer((request, response) => {
    const range = request.headers.range;
    requests.push({ url: request.url ?? '', range });
    handle(request.url ?? '', range, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** A server as GitHub's: ranges, an ETag. */
function serve(body: Buffer, response: ServerResponse, range?: string): void {
  const start = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
  if (start >= body.length) {
    response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end();
    return;
  }
  response.writeHead(start === 0 ? 200 : 206, {
    'content-length': body.length - start,
    etag: '"v1"',
    ...(start === 0 ? {} : { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` }),
  });
  response.end(body.subarray(start));
}

const fast = { maxAttempts: 3, retryDelayMs: 5, stallTimeoutMs: 2000 };
const fetchFile = (options: Partial<Parameters<typeof download>[0]> = {}) =>
  download({ url: `${base}/file`, target: join(folder, 'file'), bytes: null, sha256: null, ...fast, ...options });

describe('download', () => {
  it('brings a file with its checksum and tells how far it is', async () => {
    handle = (_url, range, response) => serve(BODY, response, range);
    const seen: number[] = [];
    const got = await fetchFile({ sha256: sha256(BODY), onProgress: (received) => seen.push(received) });
    expect(readFileSync(join(folder, 'file'))).toEqual(BODY);
    expect(got).toEqual({ sha256: sha256(BODY), bytes: BODY.length, resumedFrom: 0 });
    expect(seen.at(-1)).toBe(BODY.length);
    expect(existsSync(join(folder, 'file.part'))).toBe(false);
  });

  it('goes on where the line broke, in one go and in a later one', async () => {
    let broken = 2;
    handle = (_url, range, response) => {
      if (broken-- <= 0) return serve(BODY, response, range);
      const start = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
      response.writeHead(start === 0 ? 200 : 206, {
        'content-length': BODY.length - start,
        etag: '"v1"',
        ...(start === 0 ? {} : { 'content-range': `bytes ${start}-${BODY.length - 1}/${BODY.length}` }),
      });
      response.write(BODY.subarray(start, start + 100_000), () => setTimeout(() => response.destroy(), 20));
    };
    await fetchFile({ sha256: sha256(BODY) });
    expect(readFileSync(join(folder, 'file'))).toEqual(BODY);
    const starts = requests.map(({ range }) => Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0));
    expect(starts[0]).toBe(0);
    expect(starts[1]).toBeGreaterThan(0);
    expect(starts[2]).toBeGreaterThan(starts[1] ?? 0);

    writeFileSync(join(folder, 'other.part'), BODY.subarray(0, 50_000));
    writeFileSync(join(folder, 'other.part.etag'), '"v1"');
    expect(await fetchFile({ target: join(folder, 'other') })).toMatchObject({ resumedFrom: 50_000 });
    expect(readFileSync(join(folder, 'other'))).toEqual(BODY);
  });

  it('begins anew when the server has another file now, or knows no ranges', async () => {
    handle = (_url, _range, response) => serve(BODY, response);
    writeFileSync(join(folder, 'file.part'), Buffer.alloc(5000, 9));
    await fetchFile({ sha256: sha256(BODY) });
    expect(readFileSync(join(folder, 'file'))).toEqual(BODY);
  });

  it('knows a part that is complete already', async () => {
    handle = (_url, range, response) => serve(BODY, response, range);
    writeFileSync(join(folder, 'file.part'), BODY);
    await fetchFile({ sha256: sha256(BODY) });
    expect(readFileSync(join(folder, 'file'))).toEqual(BODY);
  });

  it('throws away what is not what was expected', async () => {
    handle = (_url, range, response) => serve(BODY, response, range);
    await expect(fetchFile({ sha256: '0'.repeat(64) })).rejects.toMatchObject({ code: 'MODEL_CHECKSUM' });
    expect(existsSync(join(folder, 'file'))).toBe(false);
    expect(existsSync(join(folder, 'file.part'))).toBe(false);
  });

  it('does not try again what is not there, and does what may pass', async () => {
    handle = (_url, _range, response) => void response.writeHead(404).end();
    await expect(fetchFile()).rejects.toMatchObject({
      code: 'MODEL_DOWNLOAD',
      message: expect.stringContaining('404'),
    });
    expect(requests).toHaveLength(1);
    requests = [];
    let busy = 2;
    handle = (_url, range, response) =>
      busy-- > 0 ? void response.writeHead(503).end() : serve(BODY, response, range);
    await fetchFile();
    expect(requests).toHaveLength(3);
  });

  it('gives up on a server that says nothing', async () => {
    handle = () => {};
    await expect(fetchFile({ stallTimeoutMs: 60, maxAttempts: 2 })).rejects.toMatchObject({
      code: 'MODEL_DOWNLOAD',
      message: expect.stringContaining('nothing came'),
    });
    expect(requests).toHaveLength(2);
  });

  it('keeps the part when it is stopped, and bounds what it takes', async () => {
    handle = (_url, _range, response) => {
      response.writeHead(200, { 'content-length': BODY.length });
      response.write(BODY.subarray(0, 100_000));
    };
    const stop = new AbortController();
    const got = fetchFile({
      signal: stop.signal,
      onProgress: (received) => {
        if (received > 0) stop.abort();
      },
    });
    await expect(got).rejects.toMatchObject({ code: 'MODEL_DOWNLOAD', message: expect.stringContaining('stopped') });
    expect(existsSync(join(folder, 'file.part'))).toBe(true);
    handle = (_url, _range, response) => serve(BODY, response);
    await expect(fetchFile({ target: join(folder, 'big'), maxBytes: 1000 })).rejects.toMatchObject({
      code: 'MODEL_DOWNLOAD',
    });
  });
});

/** A `.tar.bz2` of files under `top/`. */
async function archive(files: Record<string, string>, prepare: (top: string) => void = () => {}): Promise<Buffer> {
  const source = join(folder, `source-${Math.random()}`);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(source, 'top', name, '..'), { recursive: true });
    writeFileSync(join(source, 'top', name), content);
  }
  prepare(join(source, 'top'));
  await create({ cwd: source, file: join(source, 'x.tar') }, ['top']);
  return bzip2(readFileSync(join(source, 'x.tar')));
}

function bzip2(bytes: Buffer): Buffer {
  const made = spawnSync('bzip2', ['-c'], { input: bytes, maxBuffer: 1e8 });
  if (made.status !== 0) throw new Error('these tests need bzip2');
  return made.stdout;
}

/** A tar entry with a name that no honest program writes. */
function tarWith(name: string, content: string, type = '0', link = ''): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link, 157);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const data = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  data.write(content);
  return Buffer.concat([header, data]);
}

describe('unpacking', () => {
  const unpack = async (bytes: Buffer) => {
    const file = join(folder, 'a.tar.bz2');
    writeFileSync(file, bytes);
    await unpackTarBz2(file, join(folder, 'out', 'model'));
  };

  it('leaves the archive’s own folder away', async () => {
    await unpack(await archive({ 'model.onnx': 'm', 'data/phontab': 'p' }));
    expect(readFileSync(join(folder, 'out/model/data/phontab'), 'utf8')).toBe('p');
  });

  it.each([
    ['a path upwards', tarWith('top/../../../evil', 'x')],
    ['an absolute path', tarWith('/tmp/hearken-evil', 'x')],
    ['a symbolic link', tarWith('top/link', '', '2', '/etc')],
    ['a hard link', tarWith('top/link', '', '1', '/etc/passwd')],
    ['a device', tarWith('top/device', '', '3')],
  ])('refuses an archive with %s', async (_, entry) => {
    await expect(unpack(bzip2(Buffer.concat([entry, Buffer.alloc(1024)])))).rejects.toMatchObject({
      code: 'MODEL_INVALID',
    });
    for (const path of ['evil', 'out/evil', 'out/model/link', 'out/model/device']) {
      expect(existsSync(join(folder, path))).toBe(false);
    }
    expect(existsSync('/tmp/hearken-evil')).toBe(false);
  });

  it('refuses an archive that was made with links', async () => {
    const bytes = await archive({ a: 'a' }, (top) => symlinkSync('/etc/passwd', join(top, 'b')));
    await expect(unpack(bytes)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });

  it('says so when an archive is damaged', async () => {
    const whole = await archive({ 'model.onnx': 'm'.repeat(50_000) });
    await expect(unpack(whole.subarray(0, whole.length - 20))).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    await expect(unpack(Buffer.from('not an archive'))).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });
});

describe('hearken models pull', () => {
  const model = (change: Partial<Model> = {}): Model => ({
    name: 'voice',
    kind: 'synthesizer',
    description: '',
    languages: ['zh-CN'],
    sampleRate: 8000,
    licence: 'MIT',
    builtIn: false,
    folder: 'voice-1',
    engine: { type: 'vits', model: 'model.onnx', tokens: 'tokens.txt', ruleFsts: [] },
    files: ['model.onnx', 'tokens.txt'].map((path) => ({ path, bytes: null, sha256: null, elsewhere: [] })),
    sources: [{ url: `${base}/voice.tar.bz2`, unpack: 'tar.bz2', bytes: null, sha256: null }],
    ...change,
  });
  const registry = (change: Partial<Model> = {}) => {
    const manifest: Manifest = { version: 1, models: [model(change)] };
    return new ModelRegistry({ root: folder, manifest });
  };
  const pull = (models: ModelRegistry) => pullModel(models, 'voice', { download: fast });

  it('puts a model in its place, records checksums nobody knew, and verifies it with them', async () => {
    const bytes = await archive({ 'model.onnx': 'mmm', 'tokens.txt': 'ttt', 'README.md': 'r' });
    handle = (_url, range, response) => serve(bytes, response, range);
    const models = registry();
    const { recorded } = await pull(models);
    expect(recorded).toEqual([`${base}/voice.tar.bz2`, 'voice/model.onnx', 'voice/tokens.txt']);
    expect(models.find('voice')?.place).toBe(join(folder, 'models/pulled'));
    expect(await verifyModel(models, 'voice')).toMatchObject({
      state: 'ok',
      files: [{ by: 'first pull' }, { by: 'first pull' }],
    });
    writeFileSync(join(folder, 'models/pulled/voice-1/model.onnx'), 'bad');
    expect(await verifyModel(models, 'voice')).toMatchObject({ state: 'damaged' });
    // Pulled again it is whole again, and nothing new is recorded.
    expect((await pull(models)).recorded).toEqual([]);
    expect(await verifyModel(models, 'voice')).toMatchObject({ state: 'ok' });
  });

  it('does not trust an archive that has changed since the first pull', async () => {
    let bytes = await archive({ 'model.onnx': 'mmm', 'tokens.txt': 'ttt' });
    handle = (_url, range, response) => serve(bytes, response, range);
    const models = registry();
    await pull(models);
    bytes = await archive({ 'model.onnx': 'evil', 'tokens.txt': 'ttt' });
    await expect(pull(models)).rejects.toMatchObject({ code: 'MODEL_CHECKSUM' });
    expect(readFileSync(join(folder, 'models/pulled/voice-1/model.onnx'), 'utf8')).toBe('mmm');
  });

  it('takes nothing when a file is missing or has another checksum than the manifest says', async () => {
    const bytes = await archive({ 'model.onnx': 'mmm' });
    handle = (_url, range, response) => serve(bytes, response, range);
    const models = registry();
    await expect(pull(models)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('tokens.txt'),
    });
    expect(models.find('voice')).toBeUndefined();
    expect(await verifyModel(models, 'voice')).toMatchObject({ state: 'missing' });
    const strict = registry({ files: [{ path: 'model.onnx', bytes: 3, sha256: '1'.repeat(64), elsewhere: [] }] });
    await expect(pull(strict)).rejects.toMatchObject({ code: 'MODEL_CHECKSUM' });
    expect(existsSync(join(folder, 'models/pulled/voice-1'))).toBe(false);
  });

  it('puts several sources into one folder', async () => {
    const bytes = await archive({ 'model.onnx': 'mmm' });
    handle = (url, range, response) => serve(url.endsWith('.txt') ? Buffer.from('ttt') : bytes, response, range);
    const models = registry({
      sources: [
        { url: `${base}/voice.tar.bz2`, unpack: 'tar.bz2', bytes: null, sha256: sha256(bytes) },
        { url: `${base}/some.txt`, saveAs: 'tokens.txt', bytes: null, sha256: null },
      ],
    });
    await pull(models);
    expect(readFileSync(join(folder, 'models/pulled/voice-1/tokens.txt'), 'utf8')).toBe('ttt');
  });

  it('does not pull what ships with the program', async () => {
    await expect(pull(registry({ sources: [] }))).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  });

  it('says which file is the matter when its notes are unreadable', async () => {
    mkdirSync(join(folder, 'models/pulled'), { recursive: true });
    writeFileSync(join(folder, 'models/pulled/checksums.json'), '{"version":1,"entries":{"x":{"sha256":"short"}}}');
    await expect(ChecksumBook.open(join(folder, 'models/pulled'))).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('checksums.json'),
    });
  });
});
