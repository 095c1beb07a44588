// Where the values of the flows come from, as the page draws it.
import type { Flow } from './flows.ts';
import type { Connection } from './types.ts';

const SOURCES_MAX = 8;

export interface PictureSource {
  key: string; // of several connections: ""
  names: string[]; // none: programs and files
  rate: number;
  trouble: boolean;
  href: string | null;
}
export interface PictureEdge {
  source: string;
  flow: number;
}
export interface Picture {
  sources: PictureSource[];
  edges: PictureEdge[];
}

/** Where the values of the flows come from. The busiest connections stand alone, the others together. */
export function picture(flows: readonly Flow[], connections: readonly Pick<Connection, 'id' | 'name' | 'status'>[]): Picture {
  const used = new Map<string, number[]>();
  for (const flow of flows) {
    for (const source of flow.status.sources) used.set(source.connection, [...(used.get(source.connection) ?? []), flow.id]);
  }
  const known = connections.filter((one) => used.has(one.name)).sort((a, b) => b.status.values_per_second - a.status.values_per_second || a.id - b.id);
  const alone = known.length > SOURCES_MAX ? known.slice(0, SOURCES_MAX - 1) : known;
  const rest = known.slice(alone.length);
  const sources: PictureSource[] = alone.map((one) => ({
    key: one.name, names: [one.name], rate: one.status.values_per_second, trouble: one.status.state === 'retrying', href: `/machines/${one.id}`,
  }));
  const edges: PictureEdge[] = alone.flatMap((one) => used.get(one.name)!.map((flow) => ({ source: one.name, flow })));
  if (rest.length > 0) {
    sources.push({ key: '', names: rest.map((one) => one.name), rate: rest.reduce((sum, one) => sum + one.status.values_per_second, 0), trouble: rest.some((one) => one.status.state === 'retrying'), href: '/machines' });
    for (const flow of new Set(rest.flatMap((one) => used.get(one.name)!))) edges.push({ source: '', flow });
  }
  // Programs and files have no connection, and neither have those that were removed.
  const nameless = new Set([...used].filter(([name]) => name === '' || !connections.some((one) => one.name === name)).flatMap(([, ids]) => ids));
  if (nameless.size > 0) {
    sources.push({ key: '\u0000', names: [], rate: 0, trouble: false, href: null });
    for (const flow of nameless) edges.push({ source: '\u0000', flow });
  }
  return { sources, edges };
}
