/**
 * Node's flags for a process that serves many conversations (V8's own default is 16 MiB). What a turn makes outlives a small young generation and is then copied twice: with
 * 32 MiB a turn of `bench/chat.ts` costs a tenth less of the service's thread, and pauses become rarer. It takes up to 50 MB more memory.
 */
export const SERVICE_FLAGS: readonly string[] = ['--max-semi-space-size=32'];
