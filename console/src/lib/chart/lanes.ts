// Which tag is drawn where: tags of one unit share a lane and its scale; a switch and a state with
// names have a low lane of their own, so that two of them never cover each other.
import type { Tag } from '../types.ts';

export interface Lane {
  key: string;
  unit: string; // symbol at the scale; "" for none
  tags: Tag[];
  weight: number; // of the height
}

const LOW_WEIGHT = 0.45;
const LANE_MIN_PX = 60; // below it a scale has no room for two figures
const GAP_PX = 10;

export const isState = (tag: Tag): boolean => tag.type === 'bool' || tag.enum_set.length > 0;
export const isDrawn = (tag: Tag): boolean => tag.type !== 'string';

export function lanesOf(tags: readonly Tag[]): Lane[] {
  const lanes = new Map<string, Lane>();
  for (const tag of tags) {
    if (!isDrawn(tag)) continue;
    const key = isState(tag) ? `tag ${tag.id}` : `unit ${tag.unit_symbol}`;
    const lane = lanes.get(key);
    if (lane) lane.tags.push(tag);
    else lanes.set(key, { key, unit: isState(tag) ? '' : tag.unit_symbol, tags: [tag], weight: isState(tag) ? LOW_WEIGHT : 1 });
  }
  return [...lanes.values()];
}

/** The height that the lanes need at least to be read. */
export const lanesHeightMin = (lanes: readonly Lane[]): number =>
  lanes.reduce((sum, lane) => sum + lane.weight * LANE_MIN_PX + GAP_PX, 0);

export interface Box {
  top: number;
  bottom: number;
}

/** Lanes below each other between top and bottom. */
export function layLanes(lanes: readonly Lane[], top: number, bottom: number): Box[] {
  const weights = lanes.reduce((sum, lane) => sum + lane.weight, 0);
  const free = bottom - top - GAP_PX * Math.max(0, lanes.length - 1);
  let at = top;
  return lanes.map((lane) => {
    const box = { top: at, bottom: at + (free * lane.weight) / weights };
    at = box.bottom + GAP_PX;
    return box;
  });
}
