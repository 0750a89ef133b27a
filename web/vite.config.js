// Each page is an HTML file here and a folder of src/; what pages share is in src/shared. Names have no hash: the server
// sends an ETag with each file, and a file that changes is one change in the history.
import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact', legalComments: 'none' },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rollupOptions: {
      input: { playground: 'playground.html', dashboard: 'dashboard.html' },
      output: {
        // What both pages have: their library and src/shared.
        manualChunks: (id) =>
          /\/src\/shared\/|\/node_modules\/(preact|@preact)\/|preload-helper/.test(id) ? 'shared' : undefined,
        entryFileNames: 'assets/[name].js',
        chunkFileNames: 'assets/[name].js',
        assetFileNames: 'assets/[name][extname]',
      },
    },
  },
});
