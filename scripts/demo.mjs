// `npm run demo`: sets up what is missing, then places the sample calls.
import { ensureReady } from './bootstrap.mjs';

await ensureReady({ quiet: true });
const { run } = await import('../dist/cli/main.js');
await run(['demo', ...process.argv.slice(2)]);
