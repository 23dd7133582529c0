/** The samples of a WAV that was being written a moment ago: its header may not know the length yet. */
export function samplesOf(bytes: Buffer): Int16Array {
  const data = bytes.indexOf('data');
  const start = data < 0 ? 44 : data + 8;
  const samples = new Int16Array(Math.max(0, (bytes.length - start) >> 1));
  for (let index = 0; index < samples.length; index++) samples[index] = bytes.readInt16LE(start + index * 2);
  return samples;
}
