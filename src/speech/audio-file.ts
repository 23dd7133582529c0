import { accessSync, chmodSync, constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import ffmpegInstaller from '@ffmpeg-installer/ffmpeg';
import ffmpeg from 'fluent-ffmpeg';
import { resample } from '../dsp/resample.js';
import { bytesToPcm, decodeWav } from '../dsp/wav.js';
import { HearkenError, messageOf } from '../errors.js';

/** Reading of whatever recording somebody has: WAV directly, everything else through ffmpeg. */

export interface ReadAudioOptions {
  /** Hz wanted. */
  readonly sampleRate: number;
  /** Which channel, from 0; without it all channels are mixed. */
  readonly channel?: number;
  /** Longest wait for ffmpeg. */
  readonly timeoutMs?: number;
  readonly maxFileBytes?: number;
  readonly maxDurationMs?: number;
}

const DEFAULTS = { timeoutMs: 60_000, maxFileBytes: 500 * 1024 * 1024, maxDurationMs: 2 * 3_600_000 };

/** Headerless telephone recordings, by their usual endings (Asterisk's among them): ffmpeg must be told what they are. All are 8 kHz mono. */
const RAW_FORMATS: Readonly<Record<string, string>> = {
  '.ulaw': 'mulaw',
  '.ul': 'mulaw',
  '.pcmu': 'mulaw',
  '.mulaw': 'mulaw',
  '.alaw': 'alaw',
  '.al': 'alaw',
  '.pcma': 'alaw',
  '.sln': 's16le',
};

/**
 * Containers ffmpeg may read. Playlists and scripts (hls, concat, dash, sdp) are left out: a file of that kind makes it open
 * other files and addresses.
 */
const FORMATS =
  'aac,ac3,aiff,alaw,amr,amrnb,amrwb,ape,asf,au,avi,caf,eac3,flac,flv,g722,g723_1,g729,gsm,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp2,mp3,mpeg,mpegts,mulaw,nut,ogg,rm,s16le,tta,voc,w64,wav,wv';

/**
 * Reads a recording as mono PCM16 at the wanted rate. Throws AUDIO_UNREADABLE with what is wrong (missing, too large, too long, not
 * audio, no such channel) and what to do.
 */
export async function readAudioFile(file: string, options: ReadAudioOptions): Promise<Int16Array> {
  const path = resolve(file);
  const limits = { ...DEFAULTS, ...options };
  const head = await readHead(path, limits.maxFileBytes);
  const wav = head.startsWith('RIFF') ? await tryWav(path) : undefined;
  if (!wav) return readThroughFfmpeg(path, limits);
  if (wav.durationMs > limits.maxDurationMs) throw tooLong(path, limits.maxDurationMs);
  return resample(pickChannel(path, wav.channels, options.channel), wav.sampleRate, options.sampleRate);
}

/** Every channel of a recording, apart. */
export interface AudioChannels {
  readonly sampleRate: number;
  readonly channels: readonly Int16Array[];
}

/**
 * Reads a recording with its channels apart: at its own rate where that is 8 or 16 kHz, else at 16 kHz. Throws AUDIO_UNREADABLE as `readAudioFile` does, also for
 * more than 8 channels.
 */
export async function readAudioChannels(
  file: string,
  options: Omit<ReadAudioOptions, 'sampleRate' | 'channel'> = {},
): Promise<AudioChannels> {
  const path = resolve(file);
  const limits = { ...DEFAULTS, ...options };
  const head = await readHead(path, limits.maxFileBytes);
  const wav = head.startsWith('RIFF') ? await tryWav(path) : undefined;
  const made = wav ?? (await channelsThroughFfmpeg(path, limits));
  const durationMs = ((made.channels[0]?.length ?? 0) * 1000) / made.sampleRate;
  if (durationMs > limits.maxDurationMs) throw tooLong(path, limits.maxDurationMs);
  if (durationMs === 0) throw unreadable(path, 'holds no sound');
  if (made.channels.length > MOST_CHANNELS) throw unreadable(path, `has ${made.channels.length} channels`);
  const sampleRate = made.sampleRate <= 8000 ? 8000 : 16_000;
  return { sampleRate, channels: made.channels.map((channel) => resample(channel, made.sampleRate, sampleRate)) };
}

const MOST_CHANNELS = 8;

async function channelsThroughFfmpeg(
  path: string,
  options: Required<Omit<ReadAudioOptions, 'channel' | 'sampleRate'>>,
): Promise<AudioChannels> {
  let rate = 16_000;
  let count = 1;
  const pcm = await readThroughFfmpeg(path, {
    ...options,
    sampleRate: 16_000,
    keepChannels: true,
    // Two hours of stereo are as much as anybody has.
    maxDurationMs: options.maxDurationMs * 2,
    onFacts: (facts) => {
      rate = facts.sampleRate;
      count = facts.channels;
    },
  });
  const length = Math.floor(pcm.length / count);
  const channels = Array.from({ length: count }, (_, offset) => {
    const channel = new Int16Array(length);
    for (let index = 0; index < length; index++) channel[index] = pcm[index * count + offset] as number;
    return channel;
  });
  if (rate > 8000) return { sampleRate: 16_000, channels };
  return { sampleRate: 8000, channels: channels.map((channel) => resample(channel, 16_000, 8000)) };
}

/** What ffmpeg says of the first sound track: `pcm_s16le, 8000 Hz, stereo, s16, …`. */
function factsOf(details: unknown): { readonly sampleRate: number; readonly channels: number } {
  const text = Array.isArray(details) ? details.join(', ') : String(details);
  const sampleRate = Number(/(\d+) Hz/.exec(text)?.[1] ?? 16_000);
  const counted = /(\d+) channels/.exec(text)?.[1];
  const layouts: readonly (readonly [RegExp, number])[] = [
    [/\bmono\b/, 1],
    [/\bstereo\b|\bdownmix\b/, 2],
    [/\b2\.1\b|\b3\.0\b/, 3],
    [/\bquad\b|\b4\.0\b|\b3\.1\b/, 4],
    [/\b5\.0\b|\b4\.1\b/, 5],
    [/\b5\.1\b|\b6\.0\b|\bhexagonal\b/, 6],
    [/\b6\.1\b|\b7\.0\b/, 7],
    [/\b7\.1\b|\boctagonal\b/, 8],
  ];
  const channels = counted === undefined ? (layouts.find(([name]) => name.test(text))?.[1] ?? 1) : Number(counted);
  return { sampleRate, channels };
}

async function readHead(path: string, maxFileBytes: number): Promise<string> {
  try {
    const handle = await open(path, 'r');
    try {
      const stat = await handle.stat();
      if (!stat.isFile()) throw unreadable(path, 'is not a file');
      if (stat.size === 0) throw unreadable(path, 'is empty');
      if (stat.size > maxFileBytes) {
        throw unreadable(path, `is larger than ${Math.round(maxFileBytes / 1048576)} MB`, 'Cut it into shorter ones.');
      }
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(4), 0, 4, 0);
      return buffer.toString('latin1', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof HearkenError) throw error;
    throw unreadable(path, `can't be opened (${messageOf(error)})`, 'Check the path and who may read it.', error);
  }
}

/** undefined: a kind of WAV that only ffmpeg reads (24 bits, floats, ADPCM), or one whose header was never finished: it says 0 bytes, and ffmpeg reads on. */
async function tryWav(path: string) {
  try {
    const wav = decodeWav(await readFile(path));
    return wav.durationMs === 0 ? undefined : wav;
  } catch {
    return undefined;
  }
}

function pickChannel(path: string, channels: readonly Int16Array[], wanted: number | undefined): Int16Array {
  if (wanted !== undefined) {
    const channel = channels[wanted];
    if (!channel) {
      throw unreadable(
        path,
        `has ${channels.length} channel(s), so none with number ${wanted}`,
        'Channels count from 0.',
      );
    }
    return channel;
  }
  const [first = new Int16Array(0), ...rest] = channels;
  if (rest.length === 0) return first;
  return first.map((sample, index) => {
    const sum = rest.reduce((total, channel) => total + (channel[index] ?? 0), sample);
    return Math.round(sum / channels.length);
  });
}

function readThroughFfmpeg(
  path: string,
  options: Required<Omit<ReadAudioOptions, 'channel'>> & {
    readonly channel?: number;
    /** Samples of all channels come woven into each other. */
    readonly keepChannels?: boolean;
    readonly onFacts?: (facts: ReturnType<typeof factsOf>) => void;
  },
): Promise<Int16Array> {
  const maxBytes = Math.ceil((options.maxDurationMs / 1000) * options.sampleRate) * 2;
  return new Promise((resolvePromise, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let failure: HearkenError | undefined;
    const command = ffmpeg(`file:${path}`, { timeout: Math.ceil(options.timeoutMs / 1000) })
      .setFfmpegPath(ffmpegPath())
      .inputOptions(['-protocol_whitelist', 'file,pipe', '-format_whitelist', FORMATS, '-nostdin'])
      .noVideo()
      .audioFrequency(options.sampleRate)
      .audioCodec('pcm_s16le')
      .format('s16le');
    const raw = RAW_FORMATS[extname(path).toLowerCase()];
    if (raw !== undefined) command.inputFormat(raw).inputOptions(['-ar', '8000', '-ac', '1']);
    const { onFacts } = options;
    if (onFacts) command.on('codecData', (data: { audio_details?: unknown }) => onFacts(factsOf(data.audio_details)));
    if (options.keepChannels) command.outputOptions(['-map', '0:a:0']);
    else if (options.channel === undefined) command.audioChannels(1);
    else command.audioFilters(`pan=mono|c0=c${options.channel}`);
    command.on('error', (error: Error) => {
      reject(
        failure ?? unreadable(path, `can't be read as audio (${lastLine(error.message)})`, UNREADABLE_HINT, error),
      );
    });
    // fluent-ffmpeg takes a stream that closes 20 ms before ffmpeg has ended for one that broke: on a busy machine that happens.
    const output = new PassThrough({ emitClose: false });
    command.pipe(output);
    output.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        failure ??= tooLong(path, options.maxDurationMs);
        command.kill('SIGKILL');
        reject(failure);
        return;
      }
      chunks.push(chunk);
    });
    command.on('end', () => {
      if (bytes === 0) reject(unreadable(path, 'holds no sound'));
      else resolvePromise(bytesToPcm(Buffer.concat(chunks)));
    });
  });
}

const UNREADABLE_HINT =
  'Give a recording that ffmpeg reads: WAV, FLAC, MP3, OGG, M4A, AMR, GSM or raw .ulaw/.alaw/.sln at 8 kHz.';

let executable: string | undefined;

/** The binary that comes with the npm package. Its post-install script makes it executable; where scripts are not run, this does. */
function ffmpegPath(): string {
  if (executable !== undefined) return executable;
  const { path } = ffmpegInstaller;
  try {
    accessSync(path, constants.X_OK);
  } catch {
    try {
      chmodSync(path, 0o755);
    } catch (error) {
      throw new HearkenError('AUDIO_UNREADABLE', `ffmpeg (${path}) is not executable: ${messageOf(error)}`, {
        hint: `Run: chmod +x ${path}`,
        cause: error,
      });
    }
  }
  executable = path;
  return path;
}

function tooLong(path: string, maxDurationMs: number): HearkenError {
  return unreadable(path, `is longer than ${Math.round(maxDurationMs / 1000)} s`, 'Cut it into shorter ones.');
}

function unreadable(path: string, what: string, hint = UNREADABLE_HINT, cause?: unknown): HearkenError {
  return new HearkenError('AUDIO_UNREADABLE', `The recording ${path} ${what}.`, { hint, cause });
}

function lastLine(text: string): string {
  const lines = text.trim().split('\n');
  return (lines.at(-1) ?? '').trim().slice(0, 200);
}
