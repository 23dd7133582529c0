/** Fades with a raised-cosine curve, in place: a cut in the middle of a wave clicks, a ramp of some milliseconds does not. */

export function fadeIn(pcm: Int16Array, samples: number): void {
  const length = Math.min(samples, pcm.length);
  for (let index = 0; index < length; index++) {
    pcm[index] = Math.round((pcm[index] as number) * curve((index + 1) / (length + 1)));
  }
}

export function fadeOut(pcm: Int16Array, samples: number): void {
  const length = Math.min(samples, pcm.length);
  const start = pcm.length - length;
  for (let index = 0; index < length; index++) {
    pcm[start + index] = Math.round((pcm[start + index] as number) * curve((length - index) / (length + 1)));
  }
}

/** 0..1 to 0..1 without a corner at either end. */
function curve(share: number): number {
  return 0.5 - 0.5 * Math.cos(Math.PI * share);
}
