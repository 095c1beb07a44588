// Proofs of the ledger, checked here and by nobody else: RFC 6962 hashes, RFC 9162 checks, and the
// signed note of a checkpoint (C2SP signed-note). The server is not asked whether it is right.

const HASH_BYTES = 32;
const KEY_NOTE = 1; // the kind of a key that signs notes

export function bytesOfHex(hex: string): Uint8Array<ArrayBuffer> {
  if (!/^([0-9a-f]{2})*$/.test(hex)) throw new Error('not hexadecimal');
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export const hexOf = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

export const bytesOfBase64 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

async function sha256(...parts: Uint8Array[]): Promise<Uint8Array> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', all));
}

/** Of an entry: SHA-256 of a zero byte and its bytes. */
export const leafHash = (entry: Uint8Array): Promise<Uint8Array> => sha256(Uint8Array.of(0), entry);
const nodeHash = (left: Uint8Array, right: Uint8Array): Promise<Uint8Array> => sha256(Uint8Array.of(1), left, right);

// Sizes reach 2^53: no operators on bits, which know 32.
const half = (n: number): number => Math.floor(n / 2);
const odd = (n: number): boolean => n % 2 === 1;

/** The root that the proof leads to from leaf `index` (from 0) of `size`; null if it is no such proof. RFC 9162, 2.1.3.2. */
export async function rootOfInclusion(leaf: Uint8Array, index: number, size: number, proof: readonly Uint8Array[]): Promise<Uint8Array | null> {
  if (!(index >= 0 && index < size)) return null;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0 || sibling.length !== HASH_BYTES) return null;
    if (odd(node) || node === last) {
      hash = await nodeHash(sibling, hash);
      while (!odd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = await nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? hash : null;
}

/** That the tree of `size` leaves continues that of `oldSize`. RFC 9162, 2.1.4.2. */
export async function isConsistent(oldSize: number, size: number, proof: readonly Uint8Array[], oldRoot: Uint8Array, root: Uint8Array): Promise<boolean> {
  if (oldSize < 1 || oldSize > size || proof.some((hash) => hash.length !== HASH_BYTES)) return false;
  if (oldSize === size) return proof.length === 0 && same(oldRoot, root);
  let node = oldSize - 1;
  let last = size - 1;
  while (odd(node)) [node, last] = [half(node), half(last)];
  // A whole older tree is not sent: the reader has its root.
  const path = node === 0 ? [oldRoot, ...proof] : [...proof];
  let oldHash = path[0];
  let hash = path[0];
  if (!oldHash || !hash) return false;
  for (const sibling of path.slice(1)) {
    if (last === 0) return false;
    if (odd(node) || node === last) {
      oldHash = await nodeHash(sibling, oldHash);
      hash = await nodeHash(sibling, hash);
      while (!odd(node) && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = await nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && same(oldHash, oldRoot) && same(hash, root);
}

export interface NoteLine {
  name: string;
  bytes: Uint8Array<ArrayBuffer>; // four of the key's id, then the signature
}

export interface Checkpoint {
  text: string; // what is signed
  origin: string;
  size: number;
  root: Uint8Array;
  signatures: NoteLine[];
}

/** Null if it is no signed checkpoint. */
export function parseCheckpoint(note: string): Checkpoint | null {
  const end = note.lastIndexOf('\n\n');
  if (end < 0) return null;
  const text = note.slice(0, end + 1);
  const [origin = '', size = '', root = ''] = text.split('\n');
  try {
    const signatures = note.slice(end + 2).split('\n').filter(Boolean).map((line) => {
      const [, name, bytes] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? [];
      if (!name || !bytes) throw new Error('no signature');
      return { name, bytes: bytesOfBase64(bytes) };
    });
    const hash = bytesOfBase64(root);
    const count = Number(size);
    if (!origin || !/^\d+$/.test(size) || !Number.isSafeInteger(count) || hash.length !== HASH_BYTES || signatures.length === 0) return null;
    return { text, origin, size: count, root: hash, signatures };
  } catch {
    return null;
  }
}

/** Whether the key of the ledger (as its verifier key's line) signed the checkpoint; null: this browser does not know Ed25519. */
export async function isSigned(checkpoint: Checkpoint, key: string): Promise<boolean | null> {
  const [, name = '', encoded = ''] = /^([^+ ]+)\+[0-9a-f]{8}\+(\S+)$/.exec(key.trim()) ?? [];
  if (!name || name !== checkpoint.origin) return false;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = bytesOfBase64(encoded);
  } catch {
    return false;
  }
  if (bytes[0] !== KEY_NOTE || bytes.length !== 1 + HASH_BYTES) return false;
  const id = (await sha256(new TextEncoder().encode(`${name}\n`), bytes)).slice(0, 4);
  const line = checkpoint.signatures.find((one) => one.name === name && same(one.bytes.slice(0, 4), id));
  if (!line) return false;
  let imported: CryptoKey;
  try {
    imported = await crypto.subtle.importKey('raw', bytes.slice(1), { name: 'Ed25519' }, false, ['verify']);
  } catch {
    return null;
  }
  return crypto.subtle.verify({ name: 'Ed25519' }, imported, line.bytes.slice(4), new TextEncoder().encode(checkpoint.text));
}

export const sameHash = same;
