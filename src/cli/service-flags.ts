/**
 * Node's flags for a process that serves many conversations.
 * - Young generation (V8's own default is 16 MiB): what a turn makes outlives a small one and is then copied twice; with 32 MiB a turn of `bench/chat.ts` costs a tenth less of
 *   the service's thread, and pauses become rarer. It takes up to 50 MB more memory.
 * - Node's own code on pages of 2 MiB where the system lets it (Linux with transparent huge pages; elsewhere nothing happens): a turn goes through much of it, and looking up
 *   where a page lies is dear on virtual machines. `/chat` does 2 to 4 % more, for 24 MB of memory.
 */
export const SERVICE_FLAGS: readonly string[] = ['--max-semi-space-size=32', '--use-largepages=silent'];
