// What a machine says that there is to read, as a tree in which a person ticks; and the signals that
// come of it. Plain functions: the dialog keeps the state.
import type { BrowseItem, Signal } from './types.ts';

export interface BrowseNode {
  name: string;
  levels: string[]; // names from the top down to this one
  node: string; // to ask the machine for what is below
  type: string;
  signal: Signal | null;
  children: BrowseNode[];
  /** There may be something below that was not asked for yet. */
  isOpenEnded: boolean;
}

export const keyOf = (node: BrowseNode): string => node.levels.join('\u0000');

/** Puts what an answer brought below `parent`. Items stand behind what they lie below; folders that
    are only named on the way to a signal are made. */
export function addItems(parent: BrowseNode, items: readonly BrowseItem[], depth: number): void {
  const folders = new Map<string, BrowseNode>([['', parent]]);
  for (const child of parent.children) folders.set(child.name, child);
  const folderOf = (levels: readonly string[]): BrowseNode => {
    const key = levels.join('\u0000');
    const known = folders.get(key);
    if (known) return known;
    const made: BrowseNode = {
      name: levels.at(-1)!, levels: [...parent.levels, ...levels], node: '', type: '', signal: null, children: [], isOpenEnded: false,
    };
    folders.set(key, made);
    folderOf(levels.slice(0, -1)).children.push(made);
    return made;
  };
  for (const item of items) {
    const node = folderOf(item.levels);
    node.node = item.node;
    node.type = item.type;
    node.signal = item.signal;
    node.isOpenEnded = item.has_more && item.levels.length >= depth;
  }
  parent.isOpenEnded = false;
}

export const newTree = (): BrowseNode => ({ name: '', levels: [], node: '', type: '', signal: null, children: [], isOpenEnded: true });

/** The signals at and below a node. */
export function signalsBelow(node: BrowseNode): BrowseNode[] {
  const found: BrowseNode[] = node.signal ? [node] : [];
  for (const child of node.children) found.push(...signalsBelow(child));
  return found;
}

export const hasOpenEnds = (node: BrowseNode): boolean => node.isOpenEnded || node.children.some(hasOpenEnds);

export interface BrowseRow {
  node: BrowseNode;
  depth: number;
  isFolder: boolean;
}

/** The rows in sight: below opened folders, or, with a text, every signal that has it and the way there. */
export function rowsOf(root: BrowseNode, opened: ReadonlySet<string>, text: string): BrowseRow[] {
  const wanted = text.trim().toLowerCase();
  const rows: BrowseRow[] = [];
  const fits = (node: BrowseNode): boolean =>
    `${node.levels.join('/')} ${node.signal?.description ?? ''}`.toLowerCase().includes(wanted);
  const walk = (node: BrowseNode, depth: number): boolean => {
    const at = rows.length;
    const isFolder = node.children.length > 0 || node.isOpenEnded;
    rows.push({ node, depth, isFolder });
    let found = wanted !== '' && fits(node);
    if (wanted !== '' || opened.has(keyOf(node))) for (const child of node.children) found = walk(child, depth + 1) || found;
    if (wanted !== '' && !found) rows.length = at;
    return found;
  };
  for (const child of root.children) walk(child, 0);
  return rows;
}

/** all, some or none of the signals below are ticked; none where there is no signal. */
export function tickOf(node: BrowseNode, ticked: ReadonlySet<string>): 'all' | 'some' | 'none' {
  const signals = signalsBelow(node);
  const n = signals.filter((one) => ticked.has(keyOf(one))).length;
  if (n === 0) return 'none';
  return n === signals.length && !hasOpenEnds(node) ? 'all' : 'some';
}

const LEVELS_MAX = 12; // of a tag's path
const LEVEL_MAX = 120;
const clean = (level: string): string => level.replace(/[/\u0000-\u001f\u007f]/g, '-').trim().slice(0, LEVEL_MAX) || 'unnamed';

/** How many levels all of them begin with; the last level of none is counted, for it is the signal. */
export function commonLevels(nodes: readonly BrowseNode[]): number {
  const [first, ...others] = nodes.map((node) => node.levels);
  if (!first) return 0;
  let n = 0;
  while (n < first.length - 1 && others.every((levels) => n < levels.length - 1 && levels[n] === first[n])) n += 1;
  return n;
}

/** Signals with whole paths below `place`; what all have in common is left out. Names stay apart from
    each other and from `taken`. */
export function proposeSignals(nodes: readonly BrowseNode[], place: string, taken: ReadonlySet<string>): Signal[] {
  const skip = commonLevels(nodes);
  const front = place.split('/').map((level) => level.trim()).filter(Boolean);
  const used = new Set(taken);
  return nodes.map((node) => {
    const levels = node.levels.slice(skip).map(clean);
    const kept = levels.slice(Math.max(0, levels.length - (LEVELS_MAX - front.length)));
    const path = [...front, ...kept].join('/');
    let name = path;
    for (let n = 2; used.has(name); n += 1) name = `${path} ${n}`;
    used.add(name);
    return { ...node.signal!, path: name };
  });
}
