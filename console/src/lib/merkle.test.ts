import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import { bytesOfHex, hexOf, isConsistent, isSigned, leafHash, parseCheckpoint, rootOfInclusion } from './merkle.ts';

// The tree as RFC 6962, 2.1 defines it, by recursion: nothing in common with the checks.
const hash = (...parts: (Uint8Array | number[])[]): Uint8Array => {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(Uint8Array.from(part));
  return new Uint8Array(digest.digest());
};
const leafOf = (entry: Uint8Array): Uint8Array => hash([0], entry);
const split = (n: number): number => 2 ** (Math.ceil(Math.log2(n)) - 1);
function rootOf(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length === 1) return leafOf(entries[0]!);
  const k = split(entries.length);
  return hash([1], rootOf(entries.slice(0, k)), rootOf(entries.slice(k)));
}
function pathOf(m: number, entries: readonly Uint8Array[]): Uint8Array[] {
  if (entries.length === 1) return [];
  const k = split(entries.length);
  return m < k ? [...pathOf(m, entries.slice(0, k)), rootOf(entries.slice(k))]
    : [...pathOf(m - k, entries.slice(k)), rootOf(entries.slice(0, k))];
}
function subproof(m: number, entries: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  if (m === entries.length) return whole ? [] : [rootOf(entries)];
  const k = split(entries.length);
  return m <= k ? [...subproof(m, entries.slice(0, k), whole), rootOf(entries.slice(k))]
    : [...subproof(m - k, entries.slice(k), false), rootOf(entries.slice(0, k))];
}
const ENTRIES = Array.from({ length: 20 }, (_, i) => Uint8Array.of(i, i * 7));
const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte));

describe('proofs of the ledger', () => {
  test('hashes are those of the published vectors of Certificate Transparency', async () => {
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(bytesOfHex);
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    assert.equal(hexOf(await leafHash(inputs[0]!)), roots[0]);
    for (let size = 1; size <= 8; size++) {
      assert.equal(hexOf(rootOf(inputs.slice(0, size))), roots[size - 1], 'the definition in this test');
      for (let m = 0; m < size; m++) {
        const root = await rootOfInclusion(await leafHash(inputs[m]!), m, size, pathOf(m, inputs.slice(0, size)));
        assert.equal(hexOf(root!), roots[size - 1], `leaf ${m} of ${size}`);
      }
    }
  });

  test('a leaf that is not there, or a proof that is not whole, leads elsewhere', async () => {
    for (let size = 1; size <= 20; size++) {
      const entries = ENTRIES.slice(0, size);
      const root = hexOf(rootOf(entries));
      for (let m = 0; m < size; m++) {
        const [leaf, path] = [leafOf(entries[m]!), pathOf(m, entries)];
        const leads = async (...args: Parameters<typeof rootOfInclusion>) => {
          const found = await rootOfInclusion(...args);
          return found !== null && hexOf(found) === root;
        };
        assert.ok(await leads(leaf, m, size, path));
        assert.ok(!(await leads(flipped(leaf), m, size, path)), 'another leaf');
        assert.ok(!(await leads(leaf, m, size, [...path, leaf])), 'too long');
        if (path.length) assert.ok(!(await leads(leaf, m, size, path.slice(1))), 'too short');
        for (let i = 0; i < path.length; i++) assert.ok(!(await leads(leaf, m, size, path.with(i, flipped(path[i]!)))), 'another hash');
        if (m > 0) assert.ok(!(await leads(leaf, m - 1, size, path)), 'another place');
      }
      assert.equal(await rootOfInclusion(leafOf(entries[0]!), size, size, []), null, 'outside');
    }
  });

  test('a ledger continues an older one, or it does not', async () => {
    for (let size = 1; size <= 20; size++) {
      const root = rootOf(ENTRIES.slice(0, size));
      for (let old = 1; old <= size; old++) {
        const oldRoot = rootOf(ENTRIES.slice(0, old));
        const proof = subproof(old, ENTRIES.slice(0, size), true);
        assert.ok(await isConsistent(old, size, proof, oldRoot, root), `${old} to ${size}`);
        assert.ok(!(await isConsistent(old, size, proof, flipped(oldRoot), root)));
        assert.ok(!(await isConsistent(old, size, proof, oldRoot, flipped(root))));
        assert.ok(!(await isConsistent(old, size, [...proof, root], oldRoot, root)));
        for (let i = 0; i < proof.length; i++) {
          assert.ok(!(await isConsistent(old, size, proof.with(i, flipped(proof[i]!)), oldRoot, root)));
        }
      }
    }
    assert.ok(!(await isConsistent(0, 5, [], ENTRIES[0]!, ENTRIES[0]!)));
  });

  test('a checkpoint is read, and its signature checked', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    const name = 'example.org/ledger';
    const id = hash(Buffer.from(`${name}\n`), [1], raw).slice(0, 4);
    const key = `${name}+${hexOf(id)}+${Buffer.concat([Buffer.of(1), raw]).toString('base64')}`;
    const root = rootOf(ENTRIES);
    const text = `${name}\n20\n${Buffer.from(root).toString('base64')}\n`;
    const line = Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]).toString('base64');
    const note = `${text}\n\u2014 ${name} ${line}\n`;
    const checkpoint = parseCheckpoint(note)!;
    assert.deepEqual([checkpoint.origin, checkpoint.size, hexOf(checkpoint.root)], [name, 20, hexOf(root)]);
    assert.equal(await isSigned(checkpoint, key), true);
    assert.equal(await isSigned({ ...checkpoint, text: text.replace('20', '21') }, key), false);
    assert.equal(await isSigned({ ...checkpoint, signatures: [] }, key), false);
    assert.equal(await isSigned(checkpoint, key.replace(name, 'example.net/ledger')), false);
    for (const wrong of ['', text, `${text}\n`, note.replace('20\n', '2x\n'), note.replace('\u2014', '-')]) {
      assert.equal(parseCheckpoint(wrong), null);
    }
  });
});
