// Passkeys: what the server asks, to the browser, and what the browser answers, to the server.

export interface PasskeyChallenge {
  pending: string;
  challenge: string;
  rp_id: string;
  credentials: string[];
  user?: { handle: string; name: string; display_name: string };
}

const ALGORITHMS = [-7, -8, -257]; // ES256, EdDSA, RS256
const TIMEOUT_MS = 300_000;

/** Can this browser do it at all? At an IP address or without TLS it cannot. */
export const hasPasskeys = (): boolean => typeof PublicKeyCredential !== 'undefined';

export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
}

export function toText(buffer: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

const descriptors = (ids: string[]): PublicKeyCredentialDescriptor[] => ids.map((id) => ({ type: 'public-key', id: toBytes(id) }));

/** Makes a passkey; null if the person gave up. */
export async function createPasskey(asked: PasskeyChallenge): Promise<Record<string, string> | null> {
  const user = asked.user!;
  const made = await attempt(() => navigator.credentials.create({
    publicKey: {
      challenge: toBytes(asked.challenge),
      rp: { id: asked.rp_id, name: 'Lineshaft' },
      user: { id: toBytes(user.handle), name: user.name, displayName: user.display_name },
      pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
      excludeCredentials: descriptors(asked.credentials),
      // One that knows its person and checks who uses it can sign in without the password.
      authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
      attestation: 'none',
      timeout: TIMEOUT_MS,
    },
  }));
  if (!made) return null;
  const response = made.response as AuthenticatorAttestationResponse;
  return { credential: toText(made.rawId), client_data: toText(response.clientDataJSON), attestation: toText(response.attestationObject) };
}

/** Uses a passkey; null if the person gave up. `alone`: without a password, so the device must check who it is. */
export async function usePasskey(asked: PasskeyChallenge, alone: boolean): Promise<Record<string, string> | null> {
  const used = await attempt(() => navigator.credentials.get({
    publicKey: {
      challenge: toBytes(asked.challenge),
      rpId: asked.rp_id,
      allowCredentials: descriptors(asked.credentials),
      userVerification: alone ? 'required' : 'preferred',
      timeout: TIMEOUT_MS,
    },
  }));
  if (!used) return null;
  const response = used.response as AuthenticatorAssertionResponse;
  return {
    credential: toText(used.rawId),
    client_data: toText(response.clientDataJSON),
    authenticator_data: toText(response.authenticatorData),
    signature: toText(response.signature),
    user_handle: response.userHandle ? toText(response.userHandle) : '',
  };
}

// NotAllowedError is what a browser says when the person cancels, or when there is nothing to use.
async function attempt(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential | null> {
  try {
    return (await ask()) as PublicKeyCredential | null;
  } catch (error) {
    const name = (error as DOMException).name;
    if (name === 'NotAllowedError' || name === 'AbortError' || name === 'InvalidStateError') return null;
    throw error;
  }
}
