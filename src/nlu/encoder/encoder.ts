/** A sentence encoder whose embedding joins the n-gram features. Always optional. */
export interface SentenceEncoder {
  /** Numbers in one embedding. */
  readonly size: number;
  /** Checksum of its files: a model trained with one encoder refuses another. */
  readonly checksum: string;
  /** Where it lies, so that a model trained with it can find it again. */
  readonly folder: string;
  embed(text: string): Promise<Float32Array>;
  close(): Promise<void>;
}
