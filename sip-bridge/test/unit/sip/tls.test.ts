import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../../../test/support/needs.js';
import { SipBridge } from '../../../src/index.js';
import { type Certificates, makeCertificates } from '../../support/certificates.js';
import { RawPhone } from '../../support/raw-phone.js';
import { until } from '../../support/recorder.js';
import { World } from '../../support/world.js';

let files: Certificates;
let world: World | undefined;
const sockets: TLSSocket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await world?.stop();
  world = undefined;
});

function tls(
  extra: Partial<{ clientCertificates: 'none' | 'check' | 'require'; verifyServers: boolean; caFile: string }> = {},
) {
  const { certificateFile, keyFile, caFile } = files;
  return { port: 0, certificateFile, keyFile, caFile, ...extra };
}

async function start(
  extra: Parameters<typeof tls>[0] = {},
  config: Parameters<typeof World.start>[0] = {},
): Promise<World> {
  world = await World.start({ sip: { protocols: ['udp', 'tcp', 'tls'], tls: tls(extra) }, ...config });
  return world;
}

const portOf = (world: World): number => Number(/:(\d+);/.exec(world.bridge.tlsUri ?? '')?.[1]);

/** What a request over TLS is answered with; rejects when the handshake does. */
async function ask(port: number, withCertificate: boolean): Promise<string> {
  const { certificateFile, keyFile, caFile } = files;
  const mine = withCertificate ? { cert: readFileSync(certificateFile), key: readFileSync(keyFile) } : {};
  const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: readFileSync(caFile), ...mine });
  sockets.push(socket);
  return new Promise((resolve, reject) => {
    let heard = '';
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed')));
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('utf8');
      if (heard.includes('\r\n\r\n')) resolve(heard);
    });
    socket.on('secureConnect', () => {
      socket.write(
        [
          'OPTIONS sips:bot@localhost SIP/2.0',
          'Via: SIP/2.0/TLS 127.0.0.1:9;rport;branch=z9hG4bKtls',
          ...[
            'Max-Forwards: 70',
            'From: <sips:a@b>;tag=1',
            'To: <sips:bot@localhost>',
            'Call-ID: tls',
            'CSeq: 1 OPTIONS',
          ],
          ...['Content-Length: 0', '', ''],
        ].join('\r\n'),
      );
    });
  });
}

describeWith(['openssl'], 'over TLS', () => {
  beforeAll(() => {
    files = makeCertificates();
  });

  it('requests are answered, with or without a certificate of the client', async () => {
    const port = portOf(await start());
    expect(await ask(port, false)).toMatch(/^SIP\/2\.0 200/);
    expect(await ask(port, true)).toMatch(/^SIP\/2\.0 200/);
  });

  it('a client without a certificate is turned away where one is required', async () => {
    const port = portOf(await start({ clientCertificates: 'require' }));
    expect(await ask(port, true)).toMatch(/^SIP\/2\.0 200/);
    await expect(ask(port, false)).rejects.toThrow();
  });

  it('two bridges register and call each other, and check the certificate', async () => {
    const other = await start();
    const port = portOf(other);
    const caller = await SipBridge.start({
      sip: { port: 0, protocols: ['udp', 'tls'], tls: tls() },
      rtp: { portMin: 0, portMax: 0 },
      health: { enabled: false },
      trunks: [{ name: 'peer', targets: [`sips:localhost:${port}`] }],
      outbound: {
        allowedTargets: ['^\\d+$'],
        hours: { from: '00:00', to: '00:00' },
        answerDetection: { enabled: false },
      },
      media: { url: other.service.url },
    });
    caller.dialler.add({ to: '100' });
    await until(() => other.service.sessions.length === 2, 'the call is up on both sides', 30_000);
    for (const session of other.service.sessions) session.hangup();
    await until(() => caller.dialler.jobs[0]?.state === 'done', 'the call is over');
    await caller.drain(0);
  });

  it('a server whose certificate nobody vouches for is not talked to', async () => {
    const port = portOf(await start());
    const raw = await RawPhone.open(1);
    const { caFile: _none, ...untrusting } = tls();
    const caller = await SipBridge.start({
      sip: { port: 0, protocols: ['udp', 'tls'], tls: untrusting },
      rtp: { portMin: 0, portMax: 0 },
      health: { enabled: false },
      trunks: [{ name: 'peer', targets: [`sips:localhost:${port}`] }],
      outbound: { allowedTargets: ['^\\d+$'], hours: { from: '00:00', to: '00:00' }, retry: { attempts: 1 } },
    });
    caller.dialler.add({ to: '100' });
    await until(() => caller.dialler.jobs[0]?.state === 'given-up', 'it is given up', 30_000);
    expect(world?.service.sessions).toHaveLength(0);
    await caller.drain(0);
    await raw.close();
  });

  it('certificates are read again at a reload', async () => {
    const { bridge } = await start();
    const before = await serial(portOf(await Promise.resolve(world as World)));
    const newer = makeCertificates();
    const { certificateFile, keyFile, caFile } = newer;
    bridge.reload({
      ...bridge.config,
      sip: { ...bridge.config.sip, tls: { ...bridge.config.sip.tls, certificateFile, keyFile, caFile } },
    });
    expect(await serial(portOf(world as World))).not.toBe(before);
  });
});

async function serial(port: number): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => {
    socket.on('secureConnect', resolve);
    socket.on('error', reject);
  });
  return socket.getPeerCertificate().serialNumber;
}
