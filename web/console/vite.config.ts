import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** A page, its script, its styles, and the audio processors as a file of their own. Everything but the page carries its content's hash in its name, so that browsers may keep it for good. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/console/',
  logLevel: 'warn',
  build: {
    outDir: fileURLToPath(new URL('../dist/console', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: false,
    // Nothing as a data: address: the page's policy allows none.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
