/** Why there is no microphone, in the words of the messages that people get. */
export type MicrophoneProblem = 'insecure' | 'refused' | 'missing' | 'inUse' | 'unsupported';

export class MicrophoneError extends Error {
  readonly problem: MicrophoneProblem;

  constructor(problem: MicrophoneProblem) {
    super(problem);
    this.problem = problem;
  }
}

/** What a page has that decides whether it can speak. */
export interface SoundSurroundings {
  readonly isSecureContext?: boolean;
  readonly AudioWorkletNode?: unknown;
  readonly navigator?: { readonly mediaDevices?: { readonly getUserMedia?: unknown } };
}

/** Whether speaking is possible here at all; browsers give microphones to secure contexts only. Undefined: it is. */
export function soundProblem(page: SoundSurroundings): MicrophoneProblem | undefined {
  if (!page.isSecureContext) return 'insecure';
  if (typeof page.AudioWorkletNode !== 'function' || !page.navigator?.mediaDevices?.getUserMedia) return 'unsupported';
  return undefined;
}

/** Asks for a microphone, with what keeps echo and noise out of it. Throws MicrophoneError. */
export async function openMicrophone(devices: Pick<MediaDevices, 'getUserMedia'>): Promise<MediaStream> {
  try {
    return await devices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    });
  } catch (error) {
    throw new MicrophoneError(problemOf(error));
  }
}

/** https://w3c.github.io/mediacapture-main/#dom-mediadevices-getusermedia lists the names. */
function problemOf(error: unknown): MicrophoneProblem {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  if (name === 'NotReadableError' || name === 'AbortError') return 'inUse';
  return 'unsupported';
}
