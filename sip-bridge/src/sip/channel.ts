export type Protocol = 'UDP' | 'TCP' | 'TLS';

/** One transport protocol under one address: carries whole SIP messages. */
export interface Channel {
  readonly protocol: Protocol;
  readonly port: number;
  /** Rejects when it can't be sent; resolves when the system took it. */
  send(message: string, to: Destination): Promise<void>;
  close(): Promise<void>;
}

export interface Destination {
  /** IP address. */
  readonly address: string;
  readonly port: number;
  /** The connection to use while it is open. */
  readonly flow?: string;
  /** The name that its certificate must carry (TLS); the address where there was none. */
  readonly host?: string;
}

export interface Source {
  readonly address: string;
  readonly port: number;
  /** Names the connection (or the address pair, over UDP). */
  readonly flow: string;
}

export type MessageHandler = (message: string, source: Source) => void;

export interface ChannelOptions {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly maxMessageBytes: number;
  /** How long a connection may be silent that nothing needs; 15 minutes. */
  readonly idleTimeoutMs?: number;
  readonly onMessage: MessageHandler;
}
