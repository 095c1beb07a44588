// The pages: their place in the rail (the order of the day), who may see them, and their code, which
// is fetched when it is first needed.
import type { Component } from 'svelte';
import type { IconName } from '../components/Icon.svelte';
import { may, mayEverywhere, runsTheServer } from './session.svelte.ts';

export interface PageEntry {
  id: string; // the words are page.<id>
  href: string;
  icon: IconName;
  permissions: readonly string[]; // any of them; none: for everybody, and not in the rail
  whole?: boolean; // held in the whole organisation, not for a place only
  load: () => Promise<{ default: Component }>;
}

export const PAGES: readonly PageEntry[] = [
  { id: 'overview', href: '/', icon: 'overview', permissions: ['connection.read'], load: () => import('../pages/Overview.svelte') },
  { id: 'machines', href: '/machines', icon: 'machines', permissions: ['connection.read'], load: () => import('../pages/Machines.svelte') },
  { id: 'flows', href: '/flows', icon: 'flows', permissions: ['connection.read'], whole: true, load: () => import('../pages/Flows.svelte') },
  { id: 'tags', href: '/tags', icon: 'tags', permissions: ['tag.read'], load: () => import('../pages/Tags.svelte') },
  { id: 'trends', href: '/trends', icon: 'trends', permissions: ['tag.read'], load: () => import('../pages/Trends.svelte') },
  { id: 'import', href: '/import', icon: 'import', permissions: ['import.run'], load: () => import('../pages/Import.svelte') },
  { id: 'portfolio', href: '/portfolio', icon: 'portfolio', permissions: ['rights.read'], load: () => import('../pages/Portfolio.svelte') },
  { id: 'agreements', href: '/agreements', icon: 'agreements', permissions: ['rights.read'], load: () => import('../pages/Agreements.svelte') },
  { id: 'licences', href: '/licences', icon: 'licences', permissions: ['rights.read'], load: () => import('../pages/Licences.svelte') },
  { id: 'settlement', href: '/settlement', icon: 'settlement', permissions: ['rights.read'], load: () => import('../pages/Settlement.svelte') },
  { id: 'ledger', href: '/ledger', icon: 'ledger', permissions: ['ledger.read'], load: () => import('../pages/Ledger.svelte') },
  { id: 'network', href: '/network', icon: 'network', permissions: ['rights.read'], load: () => import('../pages/Network.svelte') },
  { id: 'administration', href: '/administration', icon: 'administration', permissions: ['user.read', 'certificate.manage', 'retention.manage', 'audit.read'], load: () => import('../pages/Administration.svelte') },
  { id: 'account', href: '/account', icon: 'person', permissions: [], load: () => import('../pages/Account.svelte') },
];

/** May who is signed in open it? */
export const mayOpen = (page: PageEntry): boolean => page.permissions.length === 0 || page.permissions.some(page.whole ? mayEverywhere : may);

/** The page of an address: the entry itself or what lies under it. */
export function pageOf(path: string): PageEntry | null {
  return PAGES.find((page) => path === page.href || (page.href !== '/' && path.startsWith(`${page.href}/`))) ?? null;
}

/** The parts of the administration, in their order. Those of user.read show, and change only for who may besides. */
export const ADMIN_PARTS = [
  { id: 'users', permission: 'user.read' },
  { id: 'providers', permission: 'user.read' },
  { id: 'tokens', permission: 'user.read' },
  { id: 'organisations', permission: 'platform.manage' },
  { id: 'duties', permission: 'user.read' },
  { id: 'certificates', permission: 'certificate.manage' },
  { id: 'keys', permission: 'storage.maintain' },
  { id: 'retention', permission: 'retention.manage' },
  { id: 'usage', permission: 'connection.read' },
  { id: 'audit', permission: 'audit.read' },
  { id: 'security', permission: 'user.read' },
] as const;

export type AdminPart = (typeof ADMIN_PARTS)[number];

export const mayOpenPart = (part: AdminPart): boolean => may(part.permission) && (part.id !== 'security' || runsTheServer());

/** With which one begins: the first that one may open; the trail, for who looks at people and changes nothing there. */
export function firstPart(): AdminPart | undefined {
  const open = ADMIN_PARTS.filter(mayOpenPart);
  return (may('user.manage') ? undefined : open.find((part) => part.id === 'audit')) ?? open[0];
}

/** Does a link lead who is signed in anywhere? */
export function mayFollow(path: string): boolean {
  const page = pageOf(path);
  const part = ADMIN_PARTS.find((one) => path === `/administration/${one.id}`);
  return page !== null && mayOpen(page) && (!part || mayOpenPart(part));
}
