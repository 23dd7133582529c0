import { type MicrophoneProblem, soundProblem } from './audio/microphone.js';
import { type CallSound, Sound, type SoundListener } from './audio/sound.js';

/** What a conversation needs of the browser it runs in. */
export interface Platform {
  /** Why nothing can be said here; undefined where speaking is possible. */
  soundProblem(): MicrophoneProblem | undefined;
  /** Microphone and loudspeaker. `rate`: of the call, Hz. Throws MicrophoneError. */
  openSound(rate: number, listener: SoundListener): Promise<CallSound>;
  openSocket(url: string, protocols: string | string[]): WebSocket;
  /** Tells `online` when the network is back. */
  readonly network: Pick<EventTarget, 'addEventListener' | 'removeEventListener'>;
}

/** The page's own. `script`: the address of the widget's script, which holds the audio processors too. */
export function browserPlatform(script: string): Platform {
  return {
    soundProblem: () => soundProblem(globalThis),
    openSound: (rate, listener) => Sound.open(script, rate, listener),
    openSocket: (url, protocols) => new WebSocket(url, protocols),
    network: window,
  };
}
