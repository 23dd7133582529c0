import { WebSocketServer } from 'ws';

/**
 * The least that a service can be, in its own process: answers `ready` and sends every frame back, so that a call has 50 frames a second in both directions. What the real service costs
 * is measured elsewhere.
 */

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: 0,
  perMessageDeflate: false,
  handleProtocols: (offered) => [...offered][0] ?? false,
});
let sessions = 0;
server.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) {
      socket.send(data, { binary: true }, () => {});
      return;
    }
    const message = JSON.parse(data.toString('utf8')) as { type: string; media?: unknown };
    if (message.type === 'stop') socket.close(1000);
    if (message.type !== 'start') return;
    const id = `bench-${++sessions}`;
    socket.send(
      JSON.stringify({
        type: 'ready',
        sessionId: id,
        resumeToken: id,
        resumeWindowMs: 1000,
        media: message.media,
        generation: 0,
      }),
    );
  });
});
server.on('listening', () => process.send?.({ ready: (server.address() as { port: number }).port }));
process.on('message', (message: { ask?: string }) => {
  if (message.ask === 'cpu') process.send?.({ cpu: process.cpuUsage() });
});
process.on('disconnect', () => process.exit(0));
