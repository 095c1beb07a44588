// console/tools/embed.mjs DIST OUT: turns the built console into an assembler file that holds the
// gzipped bytes and a C++ file that lists them, so that the server needs no files at run time.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';

const [dist, out] = process.argv.slice(2).map((path) => resolve(path));

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.webmanifest': 'application/manifest+json',
};

const files = (folder) =>
  readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? files(path) : [path];
    });

mkdirSync(out, { recursive: true });
const rows = [];
let assembler = '.section .rodata\n';
files(dist).forEach((file, index) => {
  const path = '/' + relative(dist, file).replaceAll('\\', '/');
  const type = types[path.slice(path.lastIndexOf('.'))];
  if (!type) throw new Error(`${path}: no content type is known for this kind of file`);
  const bytes = gzipSync(readFileSync(file), { level: 9 });
  const packed = join(out, `asset${index}.gz`);
  writeFileSync(packed, bytes);
  const symbol = `lineshaft_asset_${index}`;
  assembler += `.global ${symbol}\n${symbol}:\n.incbin "${packed}"\n`;
  rows.push({
    symbol,
    path,
    type,
    size: bytes.length,
    etag: createHash('sha256').update(bytes).digest('hex').slice(0, 16),
    immutable: path.startsWith('/assets/'),
  });
});
assembler += '.section .note.GNU-stack,"",%progbits\n';

const declarations = rows.map(({ symbol }) => `extern const char ${symbol}[];`).join('\n');
const entries = rows
  .map(
    ({ symbol, path, type, size, etag, immutable }) =>
      `      {"${path}", "${type}", "gzip", "\\"${etag}\\"", {${symbol}, ${size}}, ${immutable}},`,
  )
  .join('\n');
writeFileSync(join(out, 'assets_data.S'), assembler);
writeFileSync(
  join(out, 'assets.cpp'),
  `// Written by console/tools/embed.mjs.
#include "app/assets.h"

extern "C" {
${declarations}
}

namespace lineshaft::app {

std::vector<api::Asset> console_assets() {
  return {
${entries}
  };
}

}  // namespace lineshaft::app
`,
);
