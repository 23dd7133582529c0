import { run } from './main.js';

/** Entry point for processes that this project starts itself; people use `npx hearken`. */
await run(process.argv.slice(2));
