/**
 * For the entry of a process that lives and ends with its parent's channel. Ctrl+C reaches the whole process group, and so does SIGTERM from systemd or `timeout`: the
 * parent then lets live calls finish, for which it needs this process. Whoever wants to end it alone sends SIGKILL.
 */
export function leaveStopSignalsToParent(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
}
