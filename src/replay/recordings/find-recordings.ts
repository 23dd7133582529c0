import { type Dirent, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { HearkenError, messageOf } from '../../errors.js';

/** Endings of files that are taken for recordings when a folder is searched; a file that is named is taken whatever it is called. */
const ENDINGS = new Set(
  'wav flac mp3 ogg opus oga m4a mp4 aac amr gsm wma webm aif aiff au caf ulaw ul pcmu mulaw alaw al pcma sln voc w64 g722 mka'.split(
    ' ',
  ),
);
const MOST_FILES = 200_000;

export interface FoundRecording {
  /** As it stands in reports: as it was named, or below the folder that was. */
  readonly name: string;
  readonly path: string;
}

/** Recordings named or below folders named, each once, in order of their names. Throws FILE_UNREADABLE for a path that is not there and a folder that can't be read. */
export function findRecordings(paths: readonly string[]): readonly FoundRecording[] {
  const found = new Map<string, FoundRecording>();
  for (const path of paths) {
    let folder: boolean;
    try {
      folder = statSync(path).isDirectory();
    } catch (error) {
      throw new HearkenError('FILE_UNREADABLE', `There is no recording or folder ${path}: ${messageOf(error)}`, {
        cause: error,
      });
    }
    // However it is written, a file is one recording; the first name stays.
    for (const file of folder ? walk(path) : [soundOf(path)]) {
      const known = resolve(file);
      if (!found.has(known)) found.set(known, { name: file, path: file });
      if (found.size > MOST_FILES) {
        throw new HearkenError('REQUEST_INVALID', `There are more than ${MOST_FILES} recordings.`, {
          hint: 'Replay folder by folder.',
        });
      }
    }
  }
  return [...found.values()].sort((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0));
}

/** Who names a call's record means its sound. */
function soundOf(path: string): string {
  if (endingOf(path) !== 'jsonl') return path;
  const sound = path.replace(/\.jsonl$/i, '.wav');
  if (existsSync(sound)) return sound;
  throw new HearkenError('FILE_UNREADABLE', `There is no sound beside the call record ${path}.`, {
    hint: 'Only calls that were recorded with their sound (record.audio) can be replayed.',
  });
}

function* walk(folder: string): Generator<string> {
  for (const entry of entriesOf(folder)) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    // Links are not followed: a folder that holds itself would never end.
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile() && ENDINGS.has(endingOf(entry.name))) yield path;
  }
}

function entriesOf(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw new HearkenError('FILE_UNREADABLE', `The folder ${folder} can't be read: ${messageOf(error)}`, {
      hint: 'Whoever runs this must be allowed to read it; or name the folders beside it one by one.',
      cause: error,
    });
  }
}

function endingOf(name: string): string {
  return /\.([^.]+)$/.exec(basename(name))?.[1]?.toLowerCase() ?? '';
}
