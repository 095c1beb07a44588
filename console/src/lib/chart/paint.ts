// Paints a chart: lanes with their scales over one axis of time. The canvas shows what the series
// hold and nothing else; the words beside it carry the same figures.
import { locale, t } from '../i18n.svelte.ts';
import type { Span } from '../range.ts';
import type { Tag } from '../types.ts';
import { paddedExtent, timeLabels } from './axis.ts';
import { traceSeries, type Pen } from './draw.ts';
import { isState, layLanes, type Box, type Lane } from './lanes.ts';
import { badStretches, drawnExtent, type ChartSeries, type Extent } from './series.ts';
import { timeTicks, valueTicks } from './ticks.ts';

export interface Ink {
  text: string;
  faint: string;
  line: string;
  strong: string;
  bad: string;
  accent: string;
  series: string[]; // by colour number
  font: string;
}

export interface Plot {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export interface Picture {
  width: number;
  height: number;
  span: Span;
  now: number;
  lanes: readonly Lane[];
  series: ReadonlyMap<number, ChartSeries>;
  colours: ReadonlyMap<number, number>;
  strong: number | null; // the tag that stands out
  ink: Ink;
}

const GUTTER_PX = 58;
const GUTTER_NARROW_PX = 54;
const AXIS_PX = 36;
const TICK_SPACE_PX = 92;
const BAD_PX = 3;
const PATH_POINTS = 32;

export const plotOf = (width: number, height: number): Plot => ({
  left: width < 600 ? GUTTER_NARROW_PX : GUTTER_PX,
  right: width - 10,
  top: 10,
  bottom: height - AXIS_PX,
});

export const xOf = (plot: Plot, span: Span, ms: number): number =>
  plot.left + ((ms - span.from) / (span.to - span.from)) * (plot.right - plot.left);
export const msOf = (plot: Plot, span: Span, x: number): number =>
  span.from + ((x - plot.left) / (plot.right - plot.left)) * (span.to - span.from);

export function paint(context: CanvasRenderingContext2D, picture: Picture): void {
  const plot = plotOf(picture.width, picture.height);
  context.clearRect(0, 0, picture.width, picture.height);
  context.font = picture.ink.font;
  const boxes = layLanes(picture.lanes, plot.top, plot.bottom);
  paintTimes(context, picture, plot);
  picture.lanes.forEach((lane, i) => paintLane(context, picture, plot, lane, boxes[i]!));
}

function rule(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  context.beginPath();
  context.moveTo(Math.round(x1) + 0.5, Math.round(y1) + 0.5);
  context.lineTo(Math.round(x2) + 0.5, Math.round(y2) + 0.5);
  context.stroke();
}

function paintTimes(context: CanvasRenderingContext2D, { span, ink, width }: Picture, plot: Plot): void {
  const ticks = timeTicks(span, Math.max(2, Math.floor((plot.right - plot.left) / TICK_SPACE_PX)));
  const labels = timeLabels(ticks.at, ticks.stepMs);
  context.lineWidth = 1;
  context.textAlign = 'center';
  context.textBaseline = 'top';
  ticks.at.forEach((ms, i) => {
    const x = xOf(plot, span, ms);
    context.strokeStyle = ink.line;
    rule(context, x, plot.top, x, plot.bottom + 4);
    labels[i]!.split('\n').forEach((text, row) => {
      const half = context.measureText(text).width / 2;
      context.fillStyle = row === 0 ? ink.text : ink.faint;
      context.fillText(text, Math.min(width - half - 2, Math.max(half + 2, x)), plot.bottom + 6 + row * 14);
    });
  });
  context.strokeStyle = ink.strong;
  rule(context, plot.left, plot.bottom, plot.right, plot.bottom);
}

function laneExtent({ series, span, now }: Picture, lane: Lane): Extent | null {
  let whole: Extent | null = null;
  for (const tag of lane.tags) {
    const one = series.get(tag.id);
    const extent = one ? drawnExtent(one, span.from, Math.min(span.to, Math.max(now, span.from + 1))) : null;
    if (extent) whole = whole ? { min: Math.min(whole.min, extent.min), max: Math.max(whole.max, extent.max) } : extent;
  }
  return whole;
}

function scaleOf(lane: Lane, extent: Extent | null): [number, number] {
  const tag = lane.tags[0]!;
  if (tag.type === 'bool') return [-0.2, 1.2];
  if (isState(tag) && extent) return [extent.min - 0.4, extent.max + 0.4];
  return paddedExtent(extent);
}

function laneTicks(tag: Tag, low: number, high: number, heightPx: number): { value: number; text: string }[] {
  if (tag.type === 'bool') return [{ value: 0, text: t('value.off') }, { value: 1, text: t('value.on') }];
  const most = Math.max(1, Math.floor(heightPx / 34));
  if (isState(tag)) {
    const named = tag.enum_set.filter(({ value }) => value >= low && value <= high);
    const every = Math.ceil(named.length / Math.max(1, Math.floor(heightPx / 14)));
    return named.filter((_, i) => i % every === 0).map(({ value, name }) => ({ value, text: name }));
  }
  const { at, decimals } = valueTicks(low, high, most);
  const format = new Intl.NumberFormat(locale(), { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return at.map((value) => ({ value, text: format.format(value) }));
}

// Text that is too wide for its place ends with an ellipsis.
function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let cut = text;
  while (cut.length > 1 && context.measureText(`${cut}…`).width > width) cut = cut.slice(0, -1);
  return `${cut}…`;
}

function paintLane(context: CanvasRenderingContext2D, picture: Picture, plot: Plot, lane: Lane, box: Box): void {
  const { ink, span, now } = picture;
  const [low, high] = scaleOf(lane, laneExtent(picture, lane));
  const y = (value: number) => box.bottom - ((value - low) / (high - low)) * (box.bottom - box.top);
  context.lineWidth = 1;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const tick of laneTicks(lane.tags[0]!, low, high, box.bottom - box.top)) {
    context.strokeStyle = ink.line;
    rule(context, plot.left, y(tick.value), plot.right, y(tick.value));
    context.fillStyle = ink.faint;
    context.fillText(fitted(context, tick.text, plot.left - 10), plot.left - 7, y(tick.value));
  }
  context.strokeStyle = ink.strong;
  rule(context, plot.left, box.top, plot.left, box.bottom);
  context.save();
  context.beginPath();
  context.rect(plot.left, box.top - 3, plot.right - plot.left, box.bottom - box.top + 6);
  context.clip();
  lane.tags.forEach((tag, i) => {
    const series = picture.series.get(tag.id);
    if (!series) return;
    context.globalAlpha = picture.strong === null || picture.strong === tag.id ? 1 : 0.3;
    const colour = ink.series[picture.colours.get(tag.id) ?? 0]!;
    const x = (ms: number) => xOf(plot, span, ms);
    paintSeries(context, series, { x, y, now: Math.min(now, span.to), left: plot.left, right: plot.right }, colour, picture.strong === tag.id);
    context.fillStyle = ink.bad;
    for (const bad of badStretches(series, Math.min(now, span.to))) {
      const from = Math.max(plot.left, x(bad.from));
      context.fillRect(from, box.bottom - BAD_PX * (i + 1), Math.max(1, Math.min(plot.right, x(bad.to)) - from), BAD_PX - 1);
    }
  });
  context.restore();
  paintUnit(context, lane, plot, box, ink);
}

function paintUnit(context: CanvasRenderingContext2D, lane: Lane, plot: Plot, box: Box, ink: Ink): void {
  const text = lane.unit || (isState(lane.tags[0]!) ? lane.tags[0]!.path.split('/').at(-1)! : '');
  if (!text) return;
  context.textAlign = 'left';
  context.textBaseline = 'top';
  context.fillStyle = ink.faint;
  context.fillText(text, plot.left + 6, box.top + 1);
}

interface Scales {
  x: (ms: number) => number;
  y: (value: number) => number;
  now: number;
  left: number;
  right: number;
}

// Bands on whole pixels, one rectangle for each: a path of thousands of them is slow to fill.
class Band {
  #context: CanvasRenderingContext2D;
  #left = Number.NaN;
  #right = Number.NaN;
  #top = 0;
  #bottom = 0;

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
  }

  rect(x: number, y: number, width: number, height: number): void {
    const left = Math.round(x);
    if (left !== this.#left) {
      this.end();
      [this.#left, this.#top, this.#bottom] = [left, y, y + height];
    }
    this.#right = Math.max(left + 1, Math.round(x + width));
    this.#top = Math.min(this.#top, y);
    this.#bottom = Math.max(this.#bottom, y + height);
  }

  end(): void {
    if (!Number.isNaN(this.#left)) this.#context.fillRect(this.#left, this.#top, this.#right - this.#left, this.#bottom - this.#top);
  }
}

// A line as many short paths: painting sorts the edges of a path, and of one with thousands that takes four times as long.
class Line implements Pen {
  #paths = [new Path2D()];
  #points = 0; // of the last path

  moveTo(x: number, y: number): void {
    this.#paths.at(-1)!.moveTo(x, y);
  }

  lineTo(x: number, y: number): void {
    this.#paths.at(-1)!.lineTo(x, y);
    if (++this.#points < PATH_POINTS) return;
    this.#paths.push(new Path2D());
    this.moveTo(x, y);
    this.#points = 0;
  }

  stroke(context: CanvasRenderingContext2D): void {
    for (const path of this.#paths) context.stroke(path);
  }
}

function paintSeries(context: CanvasRenderingContext2D, series: ChartSeries, scales: Scales, colour: string, strong: boolean): void {
  const line = new Line();
  const dots = new Path2D();
  const alpha = context.globalAlpha;
  context.fillStyle = colour;
  context.globalAlpha = alpha * 0.4;
  const band = new Band(context);
  traceSeries(series, scales, {
    line,
    band,
    dot: (x, y) => {
      dots.moveTo(x + 2, y);
      dots.arc(x, y, 2, 0, Math.PI * 2);
    },
  });
  band.end();
  context.globalAlpha = alpha;
  context.fill(dots);
  context.strokeStyle = colour;
  context.lineWidth = strong ? 2.5 : 1.5;
  context.lineJoin = 'bevel'; // a round one costs more than all else in a picture of thousands of points
  line.stroke(context);
}
