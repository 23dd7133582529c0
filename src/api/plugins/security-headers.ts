import helmet from '@fastify/helmet';
import Fastify, { type FastifyInstance } from 'fastify';

/** Helmet's headers on every reply. They are the same for each, so helmet is asked for them once, not with each request. */
export async function registerSecurityHeaders(app: FastifyInstance): Promise<void> {
  const headers = await helmetHeaders();
  app.addHook('onRequest', (_request, reply, next) => {
    reply.headers(headers);
    next();
  });
}

async function helmetHeaders(): Promise<Readonly<Record<string, string>>> {
  const probe = Fastify();
  try {
    const bare = await probe.inject('/');
    const armed = Fastify();
    await armed.register(helmet);
    const { headers } = await armed.inject('/');
    await armed.close();
    const added = Object.entries(headers).filter(([name]) => !(name in bare.headers));
    return Object.fromEntries(added.map(([name, value]) => [name, String(value)]));
  } finally {
    await probe.close();
  }
}
