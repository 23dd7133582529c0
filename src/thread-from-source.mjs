import { pathToFileURL } from 'node:url';
import { register } from 'tsx/esm/api';

/** What a thread runs whose code is TypeScript: see `threadEntry` in worker-entry.ts. */
register();
await import(pathToFileURL(process.argv[2]).href);
