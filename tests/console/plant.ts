// The demo plant that the tests share, with samples of known value and time beside it.
import { startPlant, type Server, type Tag } from './programs.ts';

const DAYS = 3;
let started: Promise<Server> | undefined;

/** Starts at the first call; ends with the tests. */
export const plant = (): Promise<Server> => (started ??= startPlant(DAYS));

export const T0 = Date.UTC(2026, 1, 3, 8); // of the known hour: 2026-02-03 08:00 UTC
export const MINUTE = 60_000;
export const at = (minute: number): string => new Date(T0 + minute * MINUTE).toISOString();
const BAD = 0x80000000;

// value and quality by minute: 10 for half an hour, 20 for ten minutes, ten minutes bad, then 20 again.
const KNOWN: readonly (readonly [minute: number, value: number, quality: number])[] = [
  [0, 10, 0], [30, 20, 0], [40, 20, BAD], [50, 20, 0], [60, 20, 0],
];

export interface Known {
  step: Tag;
  linear: Tag;
}
let known: Promise<Known> | undefined;

/** A step tag and a linear one with the same samples. */
export const knownTags = (): Promise<Known> => (known ??= make());

async function make(): Promise<Known> {
  const server = await plant();
  const tag = (interpolation: string) =>
    server.send<Tag>('POST', 'tags', { path: `Northfield Steel/laboratory/${interpolation} of known samples`, type: 'float64', interpolation, unit: 'CEL' });
  const made = { step: await tag('step'), linear: await tag('linear') };
  const samples = [made.step, made.linear].flatMap(({ id }) =>
    KNOWN.map(([minute, value, quality]) => ({ tag: id, time: at(minute), value, quality_code: quality })));
  await server.send('POST', 'values', { samples });
  return made;
}
