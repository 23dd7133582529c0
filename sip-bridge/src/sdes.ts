import { randomBytes } from 'node:crypto';
import { SRTP_KEY_BYTES, SRTP_SUITES, type SrtpSuite } from './rtp/srtp.js';

/** Keys of SRTP in SDP (RFC 4568). What is in here is secret: it goes into SDP and to the RTP thread, and nowhere else. */

export interface CryptoLine {
  readonly tag: number;
  readonly suite: SrtpSuite;
  /** Master key and salt, base64. */
  readonly key: string;
}

/** As sdp-transform reads `a=crypto`. */
export interface RawCrypto {
  readonly id?: unknown;
  readonly suite?: unknown;
  readonly config?: unknown;
  readonly sessionConfig?: unknown;
}

/** Lines beyond these are not looked at. */
const MAX_LINES = 16;

/** Those that we can follow, in their order. A line with an MKI, several keys or session parameters that change the packets is passed over, as RFC 4568 §7.1.1 wants. */
export function readCrypto(lines: readonly RawCrypto[]): CryptoLine[] {
  return lines.slice(0, MAX_LINES).flatMap(({ id, suite, config, sessionConfig }) => {
    const known = SRTP_SUITES.find((name) => name === suite);
    const tag = Number(id);
    const inline = /^inline:([A-Za-z0-9+/]{16,128}={0,2})(\|[^|:;]{1,32})?$/.exec(String(config ?? ''));
    const plain = String(sessionConfig ?? '')
      .trim()
      .split(/\s+/)
      .every((parameter) => parameter === '' || /^WSH=/i.test(parameter));
    if (!known || !inline?.[1] || !plain || !Number.isInteger(tag) || tag < 0 || tag > 999_999_999) return [];
    return Buffer.from(inline[1], 'base64').length === SRTP_KEY_BYTES[known]
      ? [{ tag, suite: known, key: inline[1] }]
      : [];
  });
}

/** Our own keys of one call: one for each suite, made when first needed, the same in each later offer and answer. */
export class LocalKeys {
  readonly #keys = new Map<SrtpSuite, string>();

  of(suite: SrtpSuite): string {
    const known = this.#keys.get(suite);
    if (known !== undefined) return known;
    const key = randomBytes(SRTP_KEY_BYTES[suite]).toString('base64');
    this.#keys.set(suite, key);
    return key;
  }

  /** For an offer; the tag is the place in the list. */
  lines(): string[] {
    return SRTP_SUITES.map((suite, index) => this.line({ tag: index + 1, suite }));
  }

  line({ tag, suite }: Pick<CryptoLine, 'tag' | 'suite'>): string {
    return `a=crypto:${tag} ${suite} inline:${this.of(suite)}`;
  }
}

/** What takes keys out of SIP text before it is kept or shown. */
export function withoutKeys(text: string): string {
  return text.replace(/(a=crypto:[^\r\n]*inline:)[^\r\n\s|]+/gi, '$1***').replace(/(^|\n)(k=)[^\r\n]*/gi, '$1$2***');
}
