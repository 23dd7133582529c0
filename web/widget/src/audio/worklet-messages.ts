import type { PlaybackNews } from './playback-queue.js';

/** What page and worklet say to each other. */

export interface WorkletOptions {
  /** The session's, Hz. */
  readonly rate: number;
}

export type CaptureOrder = { readonly type: 'mute'; readonly muted: boolean } | { readonly type: 'end' };

export type PlaybackOrder =
  | { readonly type: 'audio'; readonly pcm: Int16Array }
  | { readonly type: 'mark'; readonly name: string }
  | { readonly type: 'clear'; readonly generation: number }
  | { readonly type: 'begin'; readonly generation: number }
  | { readonly type: 'end' };

export type PlaybackReport =
  | PlaybackNews
  | {
      readonly type: 'played';
      /** Of this generation. */
      readonly playedMs: number;
      readonly queuedMs: number;
      /** Times that it ran dry in the middle of a prompt. */
      readonly gaps: number;
      readonly generation: number;
      /** Loudest sample since the last report, 0..1. */
      readonly peak: number;
    };
