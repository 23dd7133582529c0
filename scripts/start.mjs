// `npm start`: sets up what is missing, then starts service and bridge.
import { ensureReady } from './bootstrap.mjs';

await ensureReady();
const { run } = await import('../dist/cli/main.js');
await run(['start', ...process.argv.slice(2)]);
