import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { asHearkenError, ERRORS, HearkenError } from '../../errors.js';

/** Every error leaves as `{code, message, hint?, requestId}` with its table entry's status; what was not foreseen shows no inner words. */
export function registerErrorHandler(app: FastifyInstance): void {
  app.setErrorHandler((thrown: FastifyError, request, reply) => {
    const error = translate(thrown);
    if (error.status >= 500) request.log.error({ err: thrown, code: error.code }, 'a request failed');
    else request.log.info({ code: error.code, reason: error.message }, 'a request was refused');
    return answer(request, reply, error);
  });
  app.setNotFoundHandler((request, reply) =>
    answer(
      request,
      reply,
      new HearkenError('NOT_FOUND', `There is nothing at ${request.method} ${request.url.split('?')[0]}.`, {
        hint: 'See /documentation.',
      }),
    ),
  );
}

function answer(request: FastifyRequest, reply: FastifyReply, error: HearkenError): FastifyReply {
  const body =
    error.code === 'INTERNAL'
      ? {
          code: error.code,
          message: 'Something went wrong inside.',
          hint: 'The log of the service has it under this request id.',
        }
      : error.toPublic();
  return reply.status(error.status).send({ ...body, requestId: request.id });
}

function translate(thrown: FastifyError): HearkenError {
  if (thrown instanceof HearkenError) return thrown;
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const issue = thrown.validation[0];
    const path = issue?.instancePath.replace(/^\//, '').replaceAll('/', '.') ?? '';
    return new HearkenError(
      'REQUEST_INVALID',
      `The ${thrown.validationContext ?? 'request'} is not valid: ${path === '' ? '' : `${path}: `}${issue?.message ?? ''}`,
      {
        hint: 'See /documentation for what is expected.',
      },
    );
  }
  if (thrown.statusCode === ERRORS.PAYLOAD_TOO_LARGE.status) {
    return new HearkenError('PAYLOAD_TOO_LARGE', 'The request is too large.', { hint: 'Send a shorter text.' });
  }
  if (thrown.statusCode === ERRORS.RATE_LIMITED.status) {
    return new HearkenError('RATE_LIMITED', 'Too many requests from this address.', {
      hint: 'Wait as long as the Retry-After header says.',
    });
  }
  if (thrown.statusCode !== undefined && thrown.statusCode >= 400 && thrown.statusCode < 500) {
    return new HearkenError('REQUEST_INVALID', thrown.message, {
      hint: 'Send JSON with Content-Type: application/json.',
    });
  }
  return asHearkenError(thrown);
}
