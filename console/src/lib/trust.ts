// What the server says of its keys, its certificates and what others reach of it.

export interface VaultKey {
  owner: number; // an organisation; 0: the server
  number: number;
  made: string;
  state: 'active' | 'retired' | 'destroyed';
}

export interface Vault {
  master: 'file' | 'credential' | 'passphrase' | 'pkcs11';
  master_since: string;
  advice: string;
  encryption: boolean;
  files_sealed: number;
  files_clear: number;
  files_old_keys: number;
  rotating: boolean;
  trouble: string;
  keys: VaultKey[];
}

export interface X509 {
  subject: string;
  issuer: string;
  fingerprint: string;
  serial: string;
  dns_names: string[];
  addresses: string[];
  not_before: string;
  not_after: string;
}

export interface AuthorityView {
  authority: X509 & { certificate: string };
  server: X509 & { source: 'authority' | 'self-signed' | 'imported' | 'configured'; renews: string | null };
}

/** What the server's authority has signed for a machine, a program or a partner. */
export interface Issued {
  id: number;
  name: string;
  use: ('server' | 'client')[];
  serial: string;
  token: number | null;
  certificate: string;
  not_after: string;
  revoked: string | null;
  authority?: string;
  key?: string;
  pkcs12?: string;
}

export interface Finding {
  id: string;
  urgency: 'mend' | 'look';
  text: string;
  remedy: string;
  name?: string;
  at?: string;
  count?: number;
  link?: string;
}

export interface Exposure {
  /** The protection is that of the weakest way a door offers. */
  listeners: { what: string; at: string; outside: boolean; protection: 'none' | 'signed' | 'encrypted'; tags: number }[];
  /** Where the server may connect to, as the configuration says. */
  outgoing: string[];
  /** Where anything may go without encryption, out and in. */
  plain: string[];
  findings: Finding[];
}
