import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { HearkenError } from '../../errors.js';

/**
 * Signatures and encryption of WeChat's message push. Source: "Message encryption and decryption",
 * https://developers.weixin.qq.com/doc/offiaccount/en/Message_Management/Message_encryption_and_decryption_instructions.html
 */

/** SHA-1 over the parts, sorted and joined, in hex: WeChat's `signature` (token, timestamp, nonce) and `msg_signature` (those and the encrypted text). */
export function signatureOf(...parts: readonly string[]): string {
  return createHash('sha1')
    .update([...parts].sort().join(''))
    .digest('hex');
}

/** Compares in constant time; a signature of another length is simply wrong. */
export function signatureFits(given: string, parts: readonly string[]): boolean {
  const expected = Buffer.from(signatureOf(...parts));
  const own = Buffer.from(given);
  return own.length === expected.length && timingSafeEqual(own, expected);
}

/** Padding is to 32 bytes, not to AES' 16. */
const BLOCK_BYTES = 32;
const RANDOM_BYTES = 16;
const LENGTH_BYTES = 4;

/** AES-256-CBC with the first half of the key as IV; inside: 16 random bytes, the length, the message, the app id. */
export class WeChatCipher {
  readonly #key: Buffer;
  readonly #appId: string;

  /** `encodingAesKey`: the 43 characters that WeChat's console shows. */
  constructor(encodingAesKey: string, appId: string) {
    this.#key = Buffer.from(`${encodingAesKey}=`, 'base64');
    this.#appId = appId;
  }

  /** Throws FORBIDDEN for what is not encrypted with our key and for our app: one error for all reasons, so that nobody learns which. */
  decrypt(encrypted: string): string {
    try {
      const decipher = createDecipheriv('aes-256-cbc', this.#key, this.#key.subarray(0, 16)).setAutoPadding(false);
      const padded = Buffer.concat([decipher.update(encrypted, 'base64'), decipher.final()]);
      const padding = padded.at(-1) ?? 0;
      if (padding < 1 || padding > BLOCK_BYTES || padding > padded.length) throw new Error('padding');
      const plain = padded.subarray(0, padded.length - padding);
      const start = RANDOM_BYTES + LENGTH_BYTES;
      const length = plain.readUInt32BE(RANDOM_BYTES);
      if (length > plain.length - start) throw new Error('length');
      if (plain.subarray(start + length).toString('utf8') !== this.#appId) throw new Error('app id');
      return plain.subarray(start, start + length).toString('utf8');
    } catch {
      throw new HearkenError('FORBIDDEN', 'The message can not be decrypted.', {
        hint: 'HEARKEN_WECHAT_AES_KEY and HEARKEN_WECHAT_APP_ID must be those of the official account.',
      });
    }
  }

  encrypt(text: string): string {
    const message = Buffer.from(text);
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(message.length);
    const plain = Buffer.concat([randomBytes(RANDOM_BYTES), length, message, Buffer.from(this.#appId)]);
    const padding = BLOCK_BYTES - (plain.length % BLOCK_BYTES);
    const cipher = createCipheriv('aes-256-cbc', this.#key, this.#key.subarray(0, 16)).setAutoPadding(false);
    return Buffer.concat([
      cipher.update(plain),
      cipher.update(Buffer.alloc(padding, padding)),
      cipher.final(),
    ]).toString('base64');
  }
}
