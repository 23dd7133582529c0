import type { BridgeCallOptions, CallFacts } from './bridge.js';
import type { BridgeConfig } from './config.js';
import { trustedHeaders } from './routing/headers.js';
import type { RtpEngine } from './rtp/engine.js';
import type { CallInfo } from './sip/inbound-leg.js';
import type { LegRules } from './sip/leg.js';
import type { LegMediaOptions } from './sip/leg-media.js';
import { parseUri } from './sip/text.js';
import type { TrunkBook } from './trunks/book.js';
import { placesOf, type Trunk } from './trunks/trunk.js';

/** From the configuration to what one call needs. */

export function legRules({ sip }: BridgeConfig): LegRules {
  return {
    minSessionSeconds: sip.sessionTimer.minSeconds,
    sessionSeconds: sip.sessionTimer.expiresSeconds,
    prack: sip.prack,
  };
}

export function legMedia(
  { sip, rtp }: BridgeConfig,
  engine: RtpEngine,
  advertisedHost: string,
  trunk: Trunk | undefined,
): LegMediaOptions {
  const { idleDbov, send } = rtp.comfortNoise;
  return {
    ...{ engine, advertisedHost },
    codecs: trunk?.config.codecs ?? sip.codecs,
    wideband: rtp.wideband,
    srtp: trunk?.config.srtp ?? rtp.srtp,
    srtpWithoutTls: rtp.srtpWithoutTls,
    idleDbov: idleDbov === 'off' ? undefined : idleDbov,
    sendComfortNoise: send,
    latchFrom: rtp.latch === 'any' ? undefined : [...rtp.latchNetworks, ...(trunk?.config.from ?? [])],
    fill: true,
    maxQueueMs: rtp.playoutQueueMs,
    mediaTimeoutMs: rtp.mediaTimeoutMs,
  };
}

/** Who calls whom, over which trunk; what is done with it is for the routes to say. `open`: there are no trunks, and whoever calls is as good as any other. */
export function inboundFacts(info: CallInfo, trunk: Trunk | undefined, open: boolean): Omit<CallFacts, 'route'> {
  const { callId, caller, callee, to, headers, remoteAddress } = info;
  return {
    ...{ callId, caller, remoteAddress },
    callee: trunk?.config.calleeFrom === 'to' ? to : callee,
    direction: 'inbound',
    headers: trustedHeaders(headers, trunk?.config.trustIdentity ?? open),
    trunk: trunk?.name,
  };
}

/** SRTP's keys may cross a network in the clear. */
export function exposesKeys({ rtp, trunks }: BridgeConfig): boolean {
  return (
    rtp.srtpWithoutTls &&
    [rtp.srtp, ...trunks.map(({ srtp }) => srtp)].some((policy) => policy !== undefined && policy !== 'off')
  );
}

type Recordings = Pick<BridgeCallOptions, 'apology' | 'holdTone'>;

export function callOptions(
  config: BridgeConfig,
  facts: CallFacts,
  mediaFor: (trunk: Trunk | undefined) => LegMediaOptions,
  recordings: Recordings,
  book: TrunkBook,
): BridgeCallOptions {
  const { transfer, apology } = config;
  const { url, token, connectTimeoutMs, resumeLimitMs, pingIntervalMs, holdToneAfterMs } = config.media;
  const own = book.get(facts.trunk);
  const mode = own?.config.transfer ?? transfer.mode;
  return {
    ...{ media: mediaFor(own), url, token, connectTimeoutMs, resumeLimitMs, pingIntervalMs, holdToneAfterMs },
    transfer: {
      allowedTargets: transfer.allowedTargets.map((pattern) => new RegExp(pattern)),
      allowedHeaders: new RegExp(transfer.allowedHeaders, 'i'),
      mode: mode === 'as-asked' ? undefined : mode,
      bridgeWhenRefused: transfer.bridgeWhenRefused,
      ringTimeoutMs: transfer.ringTimeoutMs,
      deskUrl: transfer.deskUrl,
    },
    retryAfterSeconds: config.retryAfterSeconds,
    whisperLimitMs: transfer.whisper ? transfer.whisperLimitMs : 0,
    dial: (target, { headers, ringTimeoutMs, onProgress }) => {
      const trunk = trunkFor(target, book, own);
      return book.dial(trunk, { to: target, headers, ringTimeoutMs, onProgress }, mediaFor(trunk));
    },
    recording: config.recording.mode === 'off' ? undefined : config.recording,
    apologyMode: apology.mode,
    ...recordings,
  };
}

/** The trunk that leads to an address; numbers without a host go where the call came from. */
function trunkFor(target: string, book: TrunkBook, own: Trunk | undefined): Trunk | undefined {
  if (!/^sips?:/i.test(target)) return own;
  const hostOf = (uri: string): string | undefined => parseUri(uri)?.host.toLowerCase();
  const host = hostOf(target);
  const leads = ({ config }: Trunk): boolean => placesOf(config).some((place) => hostOf(place) === host);
  return book.all.find(leads);
}
