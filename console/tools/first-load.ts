// A panel PC fetches the whole of the first page before it shows anything: what that costs has a limit.
import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

const SCRIPT_BYTES_MAX = 150_000; // compressed: the entry and everything it imports at once

/** Fails the build when the script of the first load is over the limit. */
export function firstLoad(): Plugin {
  return {
    name: 'lineshaft-first-load',
    apply: 'build',
    generateBundle(_options, bundle) {
      const wanted = Object.values(bundle).flatMap((one) => (one.type === 'chunk' && one.isEntry ? [one.fileName] : []));
      const sizes = new Map<string, number>();
      for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
        const one = bundle[name];
        if (one?.type !== 'chunk' || sizes.has(name)) continue;
        sizes.set(name, gzipSync(one.code, { level: 9 }).length);
        wanted.push(...one.imports);
      }
      const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
      if (total > SCRIPT_BYTES_MAX) this.error(`the first load is ${total} bytes of script, ${SCRIPT_BYTES_MAX} are allowed`);
      this.info(`the first load is ${total} bytes of script, compressed`);
    },
  };
}
