import {
  type BridgeConfigInput,
  FakeMediaService,
  type FakeMediaServiceOptions,
  type FakeSession,
  type PhoneCall,
  SipBridge,
  SipPhone,
  type SipPhoneOptions,
} from '../../src/index.js';
import { Recorder } from './recorder.js';

/** A bridge with a fake service behind it and phones in front of it, all on free ports of 127.0.0.1. */
export class World {
  readonly service: FakeMediaService;
  readonly bridge: SipBridge;
  readonly #phones: SipPhone[] = [];
  #serviceGone = false;

  private constructor(service: FakeMediaService, bridge: SipBridge) {
    this.service = service;
    this.bridge = bridge;
  }

  static async start(config: BridgeConfigInput = {}, service: FakeMediaServiceOptions = {}): Promise<World> {
    const fake = await FakeMediaService.start(service);
    const bridge = await SipBridge.start({
      rtp: { portMin: 0, portMax: 0, ...config.rtp },
      health: { enabled: false },
      ...config,
      sip: { port: 0, ...config.sip },
      media: { url: fake.url, ...config.media },
    });
    return new World(fake, bridge);
  }

  async phone(options: SipPhoneOptions = {}): Promise<SipPhone> {
    const phone = await SipPhone.create(options);
    this.#phones.push(phone);
    return phone;
  }

  /** A caller on the line, and what the service sees of it. */
  async call(options: SipPhoneOptions = {}): Promise<{ call: PhoneCall; session: FakeSession; heard: Recorder }> {
    const phone = await this.phone({ user: 'caller', ...options });
    const index = this.service.sessions.length;
    const call = await phone.call(this.bridge.uri);
    const heard = new Recorder(call);
    await call.answered;
    return { call, session: await this.service.session(index), heard };
  }

  async killService(): Promise<void> {
    this.#serviceGone = true;
    await this.service.kill();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#phones.map((phone) => phone.close()));
    await this.bridge.drain(0);
    if (!this.#serviceGone) await this.service.kill();
  }
}
