// The signing keys of this browser: made here, kept in its database in a form that it gives out to
// nobody, not even to this console; only their public parts are sent.
const DATABASE = 'lineshaft-keys';
const STORE = 'keys';

interface KeptKey {
  id: string; // as the server has it: SHA-256 of the public key
  secret: CryptoKey;
}

export interface NewKey {
  id: string;
  publicPem: string;
}

const base64 = (bytes: ArrayBuffer): string => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const hex = (bytes: ArrayBuffer): string => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('the browser keeps no keys'));
  });
}

async function withStore<T>(mode: IDBTransactionMode, use: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: 'id' });
  const database = await settled(opening);
  try {
    return await settled(use(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

/** Whether this browser can make such keys: Ed25519 came to Chromium with version 137. */
export async function canSign(): Promise<boolean> {
  try {
    await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']);
    return true;
  } catch {
    return false;
  }
}

/** Makes a key and keeps its private part here. It counts when the server has its public part. */
export async function makeKey(): Promise<NewKey> {
  const pair = (await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  const der = await crypto.subtle.exportKey('spki', pair.publicKey);
  const id = hex(await crypto.subtle.digest('SHA-256', der));
  await withStore('readwrite', (store) => store.put({ id, secret: pair.privateKey } satisfies KeptKey));
  return { id, publicPem: `-----BEGIN PUBLIC KEY-----\n${base64(der)}\n-----END PUBLIC KEY-----\n` };
}

/** The ids of the keys that are kept here, of whatever server. */
export async function keysHere(): Promise<string[]> {
  try {
    return (await withStore('readonly', (store) => store.getAllKeys())).map(String);
  } catch {
    return [];
  }
}

export const forgetKey = (id: string): Promise<undefined> => withStore('readwrite', (store) => store.delete(id));

/** What a party signs, docs/reference/agreements.md. */
export const messageOf = (party: string, text: string): string => `lineshaft agreement signature v1 for ${party}\n${text}`;

/** Ed25519 in base64. Requires: the key is kept here. */
export async function signWith(id: string, party: string, text: string): Promise<string> {
  const kept = (await withStore<KeptKey | undefined>('readonly', (store) => store.get(id) as IDBRequest<KeptKey | undefined>));
  if (!kept) throw new Error('the key is not in this browser');
  return base64(await crypto.subtle.sign('Ed25519', kept.secret, new TextEncoder().encode(messageOf(party, text))));
}

/** The digest as the server works it out, so that nobody signs what he was not shown. */
export const digestOf = async (text: string): Promise<string> => hex(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
