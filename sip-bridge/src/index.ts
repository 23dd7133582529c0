/** Public face of the package: the bridge itself, a phone, and the building blocks that tests of others need. */
export { monotonicMs } from './clock.js';
export { type BridgeConfig, type BridgeConfigInput, loadBridgeConfig, parseBridgeConfig } from './config.js';
export { BridgeError, type BridgeErrorCode } from './errors.js';
export type { Health } from './health.js';
export { createLogger, type Logger, maskAddress, silentLogger } from './log.js';
export { type ClientMessage, readClientMessage, type ServerMessage, SUBPROTOCOL } from './media/protocol.js';
export type { AudioSource } from './phone/audio-out.js';
export { type HeardFrame, PhoneCall, type PhoneCallEvents } from './phone/call.js';
export { type DialOptions, SipPhone, type SipPhoneEvents, type SipPhoneOptions } from './phone/phone.js';
export type { G711 } from './rtp/packet.js';
export { FRAME_BYTES, FRAME_MS, G711_SILENCE, SAMPLE_RATE } from './rtp/packet.js';
export { SipBridge } from './server.js';
export type { HangupCause, LegEnd } from './sip/cause.js';
export { type BridgeProcess, type BridgeProcessOptions, startBridgeProcess } from './testing/bridge-process.js';
export { FakeMediaService, type FakeMediaServiceOptions, FakeSession } from './testing/fake-media-service.js';
export { runSipp, type SippOptions, type SippResult } from './testing/sipp.js';
