import { connect, type Socket } from 'node:net';

/**
 * HTTP/1.1 over one kept connection, one request at a time, nothing but what the bench needs: a client that costs a fraction of what the service costs leaves the processor to
 * what is measured. Answers must have a `content-length`, as those of the service do.
 */
export class Connection {
  readonly #port: number;
  #socket: Socket | undefined;
  #text = '';
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Rejects when the connection breaks; the next request makes a new one. */
  post(path: string, body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket ??= this.#open();
      this.#socket.write(
        `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    const socket = connect(this.#port, '127.0.0.1');
    socket.setNoDelay(true);
    // Bytes as characters: lengths are counted in bytes.
    socket.setEncoding('latin1');
    socket.on('data', (data) => this.#take(String(data)));
    const broken = (error: Error): void => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#text = '';
      this.#waiting?.reject(error);
      this.#waiting = undefined;
    };
    socket.on('error', broken);
    socket.on('close', () => broken(new Error('the connection was closed')));
    return socket;
  }

  #take(data: string): void {
    this.#text = this.#text === '' ? data : this.#text + data;
    const head = this.#text.indexOf('\r\n\r\n');
    if (head === -1) return;
    const length = /\r\ncontent-length: (\d+)/i.exec(this.#text.slice(0, head))?.[1];
    const end = head + 4 + Number(length ?? Number.NaN);
    if (Number.isNaN(end)) {
      this.#socket?.destroy(new Error('an answer without its length'));
      return;
    }
    if (this.#text.length < end) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    const body = Buffer.from(this.#text.slice(head + 4, end), 'latin1').toString('utf8');
    const status = Number(this.#text.slice(9, 12));
    this.#text = this.#text.slice(end);
    waiting?.resolve({ status, body });
  }
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}
