import {
  Dialog,
  type IncomingRequestMessage,
  type IncomingResponseMessage,
  NameAddrHeader,
  NonInviteClientTransaction,
  SessionDialog,
  UserAgentClient,
  type UserAgentCore,
} from 'sip.js/lib/core/index.js';
import { messageOf } from '../errors.js';
import type { Logger } from '../log.js';

/** UPDATE (RFC 3311), which the core does not have: an offer or a session refresh that needs no ACK. */

export interface UpdateReply {
  readonly status: number;
  readonly headers: readonly string[];
  readonly sdp?: string;
  /** Done once the answer is out. */
  readonly apply?: () => void;
}

export type UpdateHandler = (message: IncomingRequestMessage) => Promise<UpdateReply>;

/** Answers an UPDATE of the peer. */
export function openUpdate(
  core: UserAgentCore,
  dialog: Dialog | undefined,
  message: IncomingRequestMessage,
  handler: UpdateHandler | undefined,
  logger: Logger,
): void {
  if (!dialog || !handler) {
    core.replyStateless(message, { statusCode: 481 });
    return;
  }
  const last = dialog.remoteSequenceNumber;
  if (last !== undefined && message.cseq <= last) {
    core.replyStateless(message, { statusCode: 500 });
    return;
  }
  // Two offers at once (RFC 3311 §5.2): theirs has to wait for the end of ours.
  if (message.body !== '' && dialog instanceof SessionDialog && dialog.reinviteUserAgentClient) {
    Dialog.prototype.receiveRequest.call(dialog, message);
    core.replyStateless(message, { statusCode: 491 });
    return;
  }
  // The base class' part of receiving: it takes note of the CSeq.
  Dialog.prototype.receiveRequest.call(dialog, message);
  refreshTarget(dialog, message);
  handler(message).then(
    ({ status, headers, sdp, apply }) => {
      core.replyStateless(message, {
        statusCode: status,
        extraHeaders: [`Contact: ${core.configuration.contact.toString()}`, ...headers],
        ...(sdp === undefined
          ? {}
          : { body: { contentDisposition: 'session', contentType: 'application/sdp', content: sdp } }),
      });
      apply?.();
    },
    (error: unknown) => {
      logger.warn({ err: messageOf(error) }, 'UPDATE failed');
      core.replyStateless(message, { statusCode: 488 });
    },
  );
}

/** Sends UPDATE in the dialog; `done` gets the final answer. Throws what the core throws when there is no dialog. */
export function sendUpdate(
  core: UserAgentCore,
  dialogId: string,
  extraHeaders: string[],
  done: (response: IncomingResponseMessage) => void,
): boolean {
  const dialog = core.dialogs.get(dialogId);
  if (!dialog) return false;
  const message = dialog.createOutgoingRequestMessage('UPDATE', { extraHeaders });
  new UserAgentClient(NonInviteClientTransaction, core, message, {
    onAccept: (response) => {
      refreshTarget(dialog, response.message);
      done(response.message);
    },
    onReject: (response) => done(response.message),
    onRedirect: (response) => done(response.message),
  });
  return true;
}

/** The dialog's next CSeq, at least one more than `atLeast`; the dialog counts on from there. */
export function nextLocalSequence(dialog: Dialog, atLeast: number): number {
  const state = stateOf(dialog);
  state.localSequenceNumber = Math.max(state.localSequenceNumber ?? 0, atLeast) + 1;
  return state.localSequenceNumber;
}

/** The peer's Contact of a request or answer that renews a dialog is where the next requests go (RFC 3261 §12.2). The core reads it in re-INVITEs only. */
export function refreshTarget(dialog: Dialog, message: IncomingRequestMessage | IncomingResponseMessage): void {
  const contact: unknown = message.parseHeader('contact');
  if (contact instanceof NameAddrHeader) stateOf(dialog).remoteTarget = contact.uri;
}

/** The core keeps it to itself and its children. */
function stateOf(dialog: Dialog): { localSequenceNumber?: number; remoteTarget: unknown } {
  return (dialog as unknown as { dialogState: { localSequenceNumber?: number; remoteTarget: unknown } }).dialogState;
}
