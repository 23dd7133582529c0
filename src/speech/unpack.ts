import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar';
import { HearkenError, messageOf } from '../errors.js';

/**
 * Unpacks `.tar.bz2`. The system's bzip2 decompresses (npm's decoders are unkept and a tenth as fast on archives of hundreds of
 * MB); the `tar` package unpacks, because it can be told to be strict: no absolute paths, no `..`, no links, no devices.
 */

const LARGEST_UNPACKED_BYTES = 4 * 1024 ** 3;
const MOST_ENTRIES = 20_000;
const TIMEOUT_MS = 15 * 60_000;

/** Into `folder`, without the archive's own top folder. Throws MODEL_INVALID with what is wrong with the archive. */
export async function unpackTarBz2(archive: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const bzip2 = spawn('bzip2', ['-dc'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  let complaint = '';
  bzip2.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-500);
  });
  const ended = new Promise<void>((resolve, reject) => {
    bzip2.on('error', (error) =>
      reject(
        new HearkenError('MODEL_INVALID', `The archive can't be unpacked: ${messageOf(error)}.`, {
          hint: 'Install bzip2 (Debian, Ubuntu: apt-get install bzip2) and pull again; what was downloaded is kept.',
          cause: error,
        }),
      ),
    );
    bzip2.on('close', (code) =>
      code === 0 ? resolve() : reject(damaged(archive, complaint.trim() || `bzip2 ended with ${code}`)),
    );
  });
  ended.catch(() => {});
  let bytes = 0;
  let entries = 0;
  let refused: string | undefined;
  const unpack = extract({
    cwd: folder,
    strip: 1,
    strict: false,
    preservePaths: false,
    filter: (path, entry) => {
      const type = 'type' in entry ? entry.type : 'File';
      entries++;
      bytes += entry.size ?? 0;
      if (type !== 'File' && type !== 'OldFile' && type !== 'Directory') refused ??= `${path} is a ${type}`;
      if (path.startsWith('/') || path.split(/[\\/]/).includes('..')) refused ??= `${path} leads out of the folder`;
      if (bytes > LARGEST_UNPACKED_BYTES || entries > MOST_ENTRIES)
        refused ??= 'it unpacks to more than a model can be';
      return refused === undefined;
    },
    onwarn: (code, message) => {
      // Warnings about entries that tar itself refuses count as refusals of the archive.
      if (code !== 'TAR_ENTRY_INFO') refused ??= String(message);
    },
  });
  try {
    await Promise.all([
      pipeline(createReadStream(archive), bzip2.stdin).catch((error: NodeJS.ErrnoException) => {
        // bzip2 has gone: why, its end tells.
        if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
      }),
      pipeline(bzip2.stdout, unpack),
      ended,
    ]);
  } catch (error) {
    bzip2.kill('SIGKILL');
    throw error instanceof HearkenError ? error : damaged(archive, messageOf(error));
  }
  if (refused !== undefined) {
    throw new HearkenError('MODEL_INVALID', `The archive ${archive} was refused: ${refused}.`, {
      hint: 'An official archive holds plain files in one folder. Do not use this one.',
    });
  }
}

function damaged(archive: string, reason: string): HearkenError {
  return new HearkenError('MODEL_INVALID', `The archive ${archive} can't be unpacked: ${reason}.`, {
    hint: 'Delete it and pull again.',
  });
}
