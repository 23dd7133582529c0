import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { TlsConfig } from './config.js';
import { BridgeError, messageOf } from './errors.js';
import type { TlsMaterial } from './sip/transport-stream.js';

/** Reads certificate, key and authorities, and tries them. Throws CONFIG_INVALID. */
export function tlsMaterial(config: TlsConfig): TlsMaterial {
  const read = (file: string, what: string): Buffer => {
    try {
      return readFileSync(file);
    } catch (error) {
      throw new BridgeError('CONFIG_INVALID', `The ${what} ${file} can't be read: ${messageOf(error)}`, {
        hint: 'Check bridge.sip.tls and the rights of the file.',
        cause: error,
      });
    }
  };
  const { clientCertificates, verifyServers, caFile } = config;
  const cert = read(config.certificateFile, 'certificate');
  const key = read(config.keyFile, 'key');
  const ca = caFile === undefined ? undefined : read(caFile, 'list of authorities');
  try {
    createSecureContext({ cert, key, ...(ca ? { ca } : {}) });
  } catch (error) {
    throw new BridgeError('CONFIG_INVALID', `The TLS certificate and key can't be used: ${messageOf(error)}`, {
      hint: 'Both must be PEM and belong together.',
      cause: error,
    });
  }
  return { cert, key, ...(ca ? { ca } : {}), clientCertificates, verifyServers };
}
