import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { firstLoad } from './tools/first-load.ts';

// `npm run dev` shows the console with reload on change; its data come from this server.
const server = process.env.LINESHAFT_URL ?? 'https://127.0.0.1:8443';

export default defineConfig({
  plugins: [svelte(), firstLoad()],
  build: {
    target: ['chrome111', 'firefox114', 'safari16.4'],
    // Everything is a file of its own: the Content-Security-Policy allows 'self' and nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: server, changeOrigin: true, secure: false, ws: true } },
  },
});
