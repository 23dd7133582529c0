import { fuzz } from './run.js';

/** `npm run -s fuzz -w sip-bridge -- [mutations] [seed]`: prints JSON, exits with 1 when something was found. */
const [mutations = 200_000, seed = 20_261] = process.argv.slice(2).map(Number);
const result = await fuzz({ mutations, seed });
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
const grown = result.growthBytes > 32 * 1024 * 1024;
process.exit(result.findings.length > 0 || result.unhandled > 0 || grown ? 1 : 0);
