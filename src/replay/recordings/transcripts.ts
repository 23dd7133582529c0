import { readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { HearkenError, messageOf } from '../../errors.js';

/** One line of a table of transcripts. */
export interface Transcript {
  readonly file: string;
  readonly text: string;
  /** BCP 47 or its beginning. */
  readonly language: string | undefined;
  /** Where it comes from. */
  readonly source: string | undefined;
  readonly speaker: string | undefined;
  /** `digits`, `command`, `open`, …: what kind of utterance it is. */
  readonly task: string | undefined;
}

/**
 * A table with tabs and a header; columns `file` and `transcript` (or `text`), and if there are any `language`, `group` (or `source`), `speaker`, `task`. UTF-8, or UTF-16 as
 * spreadsheets write it. By file name as `transcriptKey` makes it. Throws FILE_UNREADABLE.
 */
export function readTranscripts(file: string): ReadonlyMap<string, Transcript> {
  let text: string;
  try {
    text = decoded(readFileSync(file));
  } catch (error) {
    throw new HearkenError('FILE_UNREADABLE', `The transcripts ${file} can't be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const [header = '', ...lines] = text.split(/\r\n?|\n/);
  const names = header.split('\t').map((name) => name.trim().toLowerCase());
  const at = (...wanted: string[]): number => names.findIndex((name) => wanted.includes(name));
  const columns = {
    file: at('file', 'path'),
    text: at('transcript', 'text'),
    language: at('language', 'lang'),
    source: at('group', 'source'),
    speaker: at('speaker'),
    task: at('task'),
  };
  if (columns.file < 0 || columns.text < 0) {
    throw new HearkenError('FILE_UNREADABLE', `${file} has no columns "file" and "transcript" in its first line.`, {
      hint: 'Write a table with tabs: file, transcript, and if you like language, group, speaker, task.',
    });
  }
  const transcripts = new Map<string, Transcript>();
  for (const line of lines) {
    const cells = line.split('\t');
    const cell = (index: number): string | undefined => {
      const value = index < 0 ? undefined : cells[index]?.trim();
      return value === '' ? undefined : value;
    };
    const name = cell(columns.file);
    if (name === undefined) continue;
    transcripts.set(transcriptKey(name), {
      file: name,
      text: cell(columns.text) ?? '',
      language: cell(columns.language),
      source: cell(columns.source),
      speaker: cell(columns.speaker),
      task: cell(columns.task),
    });
  }
  return transcripts;
}

/** A text with or without a byte order mark. */
function decoded(bytes: Buffer): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  return bytes.toString(utf16 ? 'utf16le' : 'utf8').replace(/^\ufeff/, '');
}

/** Letters with marks are written in two ways, and machines differ in the sign between folders. */
export function transcriptKey(name: string): string {
  return name
    .replaceAll(sep, '/')
    .replace(/^(?:\.\/)+/, '')
    .normalize('NFC');
}
