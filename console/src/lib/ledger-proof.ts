// Fetches what it takes to prove a journal, and checks it in this browser.
import { getJson, getText } from './api.ts';
import { bytesOfHex, hexOf, isSigned, leafHash, parseCheckpoint, rootOfInclusion, sameHash, type Checkpoint } from './merkle.ts';
import type { Journal } from './ledger.ts';

interface InclusionProof {
  sequence: number;
  size: number;
  leaf: string;
  root: string;
  proof: string[];
}

export interface Proved {
  holds: boolean; // the proof leads to the signed root, and the key signed that
  fromBytes: boolean; // the hash was worked out here of the entry's bytes
  leaf: string;
  path: string[];
  root: string; // where the proof leads
  checkpoint: Checkpoint;
  signed: boolean | null; // null: this browser cannot check the signature
}

/** The journal against the checkpoint of now. */
export async function prove(journal: Journal, signal: AbortSignal): Promise<Proved> {
  const [note, key] = await Promise.all([getText('/ledger/checkpoint', { signal }), getText('/ledger/key', { signal })]);
  const checkpoint = parseCheckpoint(note);
  if (!checkpoint) throw new Error('the checkpoint is not well formed');
  const answer = await getJson<InclusionProof>(`/ledger/journals/${journal.sequence}/proof`, { query: { size: checkpoint.size }, signal });
  const leaf = journal.entry ? await leafHash(bytesOfHex(journal.entry)) : bytesOfHex(journal.leaf);
  const root = await rootOfInclusion(leaf, journal.sequence - 1, checkpoint.size, answer.proof.map(bytesOfHex));
  const signed = await isSigned(checkpoint, key);
  const holds = root !== null && sameHash(root, checkpoint.root) && hexOf(leaf) === journal.leaf && signed !== false;
  return { holds, fromBytes: journal.entry !== undefined, leaf: hexOf(leaf), path: answer.proof, root: root ? hexOf(root) : '', checkpoint, signed };
}
