import { once } from 'node:events';
import { startShop } from './server.js';

/** The shop as a process of its own: `npx tsx apps/retail/shop/main.ts [port]`, and `shop: url:` in endpoints.yml. */

const shop = await startShop({ port: Number(process.argv[2] ?? 8070) });
process.stdout.write(`The sample shop is open at ${shop.url}\n`);
// Its server lets the process end; this holds it until it is told to stop.
const open = setInterval(() => undefined, 60_000);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
clearInterval(open);
await shop.stop();
