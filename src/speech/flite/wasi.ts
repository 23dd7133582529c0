/**
 * As much of WASI (preview 1) as a command-line program needs that is given words and writes one file: arguments, a clock, and files in
 * memory. It sees nothing of the machine: no folders, no environment, no input.
 */

/** The part of WebAssembly that is used; TypeScript's library for Node has no types of it. */
interface WasmMemory {
  readonly buffer: ArrayBuffer;
}
export type WasmModule = object;
const wasm = (
  globalThis as unknown as {
    readonly WebAssembly: {
      readonly Module: new (bytes: Uint8Array) => WasmModule;
      readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: Record<string, unknown> };
      readonly Memory: new (limits: { initial: number }) => WasmMemory;
    };
  }
).WebAssembly;

export function compileProgram(bytes: Uint8Array): WasmModule {
  return new wasm.Module(bytes);
}

const OK = 0;
const BAD_FILE = 8;
const NO_ENTRY = 44;
const NOT_SUPPORTED = 58;
const STDOUT = 1;
const STDERR = 2;
/** The only folder: what programs find by asking for the descriptors from 3 on. */
const FOLDER = 3;
const FOLDER_NAME = '/';
const FILE_TYPE = { folder: 3, regular: 4, character: 2 } as const;
const CREATE = 1;

/** A program asked to end; code 0 is success. */
export class ProgramExit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`The program ended with code ${code}`);
    this.code = code;
  }
}

interface OpenFile {
  readonly file: MemoryFile;
  at: number;
}

class MemoryFile {
  bytes = new Uint8Array(64 * 1024);
  size = 0;

  write(at: number, data: Uint8Array, largest: number): boolean {
    const end = at + data.length;
    if (end > largest) return false;
    if (end > this.bytes.length) {
      const grown = new Uint8Array(Math.min(largest, Math.max(end, this.bytes.length * 2)));
      grown.set(this.bytes.subarray(0, this.size));
      this.bytes = grown;
    }
    this.bytes.set(data, at);
    this.size = Math.max(this.size, end);
    return true;
  }
}

type Call = (...args: number[]) => number;

/** One run of a program. */
export class MemoryWasi {
  readonly #args: readonly Uint8Array[];
  readonly #largestBytes: number;
  readonly #files = new Map<string, MemoryFile>();
  readonly #open = new Map<number, OpenFile>();
  #memory: WasmMemory | undefined;
  #next = FOLDER + 1;

  /** `largestBytes`: what a file may grow to. */
  constructor(args: readonly string[], largestBytes: number) {
    const encoder = new TextEncoder();
    this.#args = args.map((arg) => encoder.encode(`${arg.replaceAll('\0', ' ')}\0`));
    this.#largestBytes = largestBytes;
  }

  /** Runs the program's `_start` and returns its exit code. */
  run(module: WasmModule): number {
    const instance = new wasm.Instance(module, { wasi_snapshot_preview1: this.#calls() });
    const { memory, _start: start } = instance.exports;
    if (!(memory instanceof wasm.Memory) || typeof start !== 'function')
      throw new TypeError('Not a WASI command: it exports no memory and _start');
    this.#memory = memory;
    try {
      start();
      return 0;
    } catch (error) {
      if (error instanceof ProgramExit) return error.code;
      throw error;
    }
  }

  /** A file the program wrote, by the name it used. */
  file(name: string): Uint8Array | undefined {
    const file = this.#files.get(name);
    return file?.bytes.subarray(0, file.size);
  }

  get #view(): DataView {
    if (this.#memory === undefined) throw new TypeError('A WASI call before the program began');
    return new DataView(this.#memory.buffer);
  }

  #calls(): Record<string, Call> {
    return {
      args_sizes_get: (count, size) => {
        this.#view.setUint32(count ?? 0, this.#args.length, true);
        this.#view.setUint32(
          size ?? 0,
          this.#args.reduce((sum, arg) => sum + arg.length, 0),
          true,
        );
        return OK;
      },
      args_get: (pointers, buffer) => this.#writeArguments(pointers ?? 0, buffer ?? 0),
      clock_time_get: (_id, _precision, out) => {
        this.#view.setBigUint64(out ?? 0, BigInt(Date.now()) * 1_000_000n, true);
        return OK;
      },
      fd_close: (fd) => (this.#open.delete(fd ?? -1) || fd === FOLDER ? OK : BAD_FILE),
      fd_fdstat_get: (fd, out) => this.#describe(fd ?? -1, out ?? 0),
      fd_fdstat_set_flags: () => OK,
      fd_prestat_get: (fd, out) => {
        if (fd !== FOLDER) return BAD_FILE;
        this.#view.setUint32(out ?? 0, 0, true);
        this.#view.setUint32((out ?? 0) + 4, FOLDER_NAME.length, true);
        return OK;
      },
      fd_prestat_dir_name: (fd, path, length) => {
        if (fd !== FOLDER) return BAD_FILE;
        new Uint8Array(this.#view.buffer).set(new TextEncoder().encode(FOLDER_NAME).subarray(0, length), path);
        return OK;
      },
      fd_read: (fd, vectors, count, out) => this.#read(fd ?? -1, vectors ?? 0, count ?? 0, out ?? 0),
      fd_write: (fd, vectors, count, out) => this.#write(fd ?? -1, vectors ?? 0, count ?? 0, out ?? 0),
      // The offset is 64 bits wide and comes as a BigInt.
      fd_seek: (fd, offset, whence, out) => this.#seek(fd ?? -1, Number(offset), whence ?? 0, out ?? 0),
      path_open: (_fd, _flags, path, length, how, _rights, _inherited, _fdFlags, out) =>
        this.#openPath(path ?? 0, length ?? 0, how ?? 0, out ?? 0),
      proc_exit: (code) => {
        throw new ProgramExit(code ?? 0);
      },
    };
  }

  #writeArguments(pointers: number, buffer: number): number {
    let at = buffer;
    this.#args.forEach((arg, i) => {
      this.#view.setUint32(pointers + 4 * i, at, true);
      new Uint8Array(this.#view.buffer).set(arg, at);
      at += arg.length;
    });
    return OK;
  }

  #describe(fd: number, out: number): number {
    const known = fd <= FOLDER || this.#open.has(fd);
    if (!known) return BAD_FILE;
    const type = fd === FOLDER ? FILE_TYPE.folder : fd < FOLDER ? FILE_TYPE.character : FILE_TYPE.regular;
    const view = this.#view;
    for (let i = 0; i < 24; i++) view.setUint8(out + i, 0);
    view.setUint8(out, type);
    // Every right: what may be done is decided by the calls themselves.
    view.setBigUint64(out + 8, 0xffff_ffffn, true);
    view.setBigUint64(out + 16, 0xffff_ffffn, true);
    return OK;
  }

  #openPath(path: number, length: number, how: number, out: number): number {
    const name = new TextDecoder().decode(new Uint8Array(this.#view.buffer).slice(path, path + length));
    let file = this.#files.get(name);
    if (file === undefined) {
      if ((how & CREATE) === 0) return NO_ENTRY;
      file = new MemoryFile();
      this.#files.set(name, file);
    }
    const fd = this.#next++;
    this.#open.set(fd, { file, at: 0 });
    this.#view.setUint32(out, fd, true);
    return OK;
  }

  /** The pieces of memory that a call reads into or writes from. */
  *#pieces(vectors: number, count: number): Iterable<Uint8Array> {
    for (let i = 0; i < count; i++) {
      const view = this.#view;
      const start = view.getUint32(vectors + 8 * i, true);
      yield new Uint8Array(view.buffer, start, view.getUint32(vectors + 8 * i + 4, true));
    }
  }

  #read(fd: number, vectors: number, count: number, out: number): number {
    const open = this.#open.get(fd);
    let total = 0;
    for (const piece of this.#pieces(vectors, count)) {
      if (open === undefined) break;
      const data = open.file.bytes.subarray(open.at, Math.min(open.file.size, open.at + piece.length));
      piece.set(data);
      open.at += data.length;
      total += data.length;
    }
    this.#view.setUint32(out, total, true);
    return open === undefined && fd !== 0 ? BAD_FILE : OK;
  }

  #write(fd: number, vectors: number, count: number, out: number): number {
    const open = this.#open.get(fd);
    if (open === undefined && fd !== STDOUT && fd !== STDERR) return BAD_FILE;
    let total = 0;
    for (const piece of this.#pieces(vectors, count)) {
      if (open !== undefined) {
        if (!open.file.write(open.at, piece, this.#largestBytes)) return NOT_SUPPORTED;
        open.at += piece.length;
      }
      total += piece.length;
    }
    this.#view.setUint32(out, total, true);
    return OK;
  }

  #seek(fd: number, offset: number, whence: number, out: number): number {
    const open = this.#open.get(fd);
    if (open === undefined) return BAD_FILE;
    const from = whence === 0 ? 0 : whence === 1 ? open.at : open.file.size;
    const at = from + offset;
    if (at < 0 || at > this.#largestBytes) return NOT_SUPPORTED;
    open.at = at;
    this.#view.setBigUint64(out, BigInt(at), true);
    return OK;
  }
}
