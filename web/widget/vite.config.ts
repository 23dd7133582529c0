import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** One script: the element for the page, and the audio processors for the worklet that the same file is loaded into once more. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  logLevel: 'warn',
  build: {
    outDir: fileURLToPath(new URL('../dist/widget', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    reportCompressedSize: false,
    lib: {
      entry: fileURLToPath(new URL('./src/main.ts', import.meta.url)),
      formats: ['es'],
      fileName: () => 'hearken-call.js',
    },
  },
});
