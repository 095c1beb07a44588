// What hands do on a chart, as changes of its span: a mouse drags out what to zoom to, the wheel zooms
// at the pointer, one finger pans, two fingers pinch.
import { clampSpan, pan, zoom, type Span } from '../range.ts';

export interface Hands {
  span: () => Span;
  plot: () => { left: number; right: number };
  show: (span: Span, options?: { step?: boolean }) => void; // `step`: one that "back" returns from
  drag: (marked: { from: number; to: number } | null) => void; // in pixels
  point: (x: number | null) => void;
}

const DRAG_MIN_PX = 6;
const WHEEL_ZOOM = 0.0015; // per pixel of the wheel
const WHEEL_LINE_PX = 30;

export class Gestures {
  #hands: Hands;
  #fingers = new Map<number, number>(); // x by pointer
  #begin: { span: Span; xs: number[] } | null = null;
  #dragFrom: number | null = null;

  constructor(hands: Hands) {
    this.#hands = hands;
  }

  #ms(x: number, span: Span): number {
    const { left, right } = this.#hands.plot();
    return span.from + ((x - left) / (right - left)) * (span.to - span.from);
  }

  down(id: number, x: number, isTouch: boolean): void {
    if (!isTouch) {
      this.#dragFrom = x;
      return;
    }
    this.#fingers.set(id, x);
    this.#restart();
    this.#hands.point(x);
  }

  #restart(): void {
    this.#begin = this.#fingers.size ? { span: this.#hands.span(), xs: [...this.#fingers.values()] } : null;
  }

  move(id: number, x: number, isTouch: boolean): void {
    if (!isTouch) {
      this.#hands.point(x);
      if (this.#dragFrom !== null && Math.abs(x - this.#dragFrom) >= DRAG_MIN_PX) {
        this.#hands.drag({ from: Math.min(x, this.#dragFrom), to: Math.max(x, this.#dragFrom) });
      }
      return;
    }
    if (!this.#fingers.has(id) || !this.#begin) return;
    this.#fingers.set(id, x);
    const { span, xs } = this.#begin;
    const now = [...this.#fingers.values()];
    if (now.length === 1) {
      const { left, right } = this.#hands.plot();
      if (Math.abs(now[0]! - xs[0]!) < DRAG_MIN_PX) return;
      this.#hands.point(null);
      this.#hands.show(pan(span, (xs[0]! - now[0]!) / (right - left)));
    } else this.#hands.show(this.#pinched(span, [xs[0]!, xs[1]!], [now[0]!, now[1]!]));
  }

  // The two moments that lay under the fingers stay under them.
  #pinched(span: Span, was: [number, number], now: [number, number]): Span {
    const { left, right } = this.#hands.plot();
    const [a, b] = [this.#ms(was[0], span), this.#ms(was[1], span)];
    const apart = now[1] - now[0];
    if (Math.abs(apart) < 8) return span;
    const msPerPx = Math.abs((b - a) / apart);
    const from = a - (now[0] - left) * msPerPx;
    return clampSpan({ from, to: from + (right - left) * msPerPx });
  }

  up(id: number, x: number, isTouch: boolean): void {
    if (isTouch) {
      this.#fingers.delete(id);
      this.#restart();
      return;
    }
    const from = this.#dragFrom;
    this.#dragFrom = null;
    this.#hands.drag(null);
    if (from === null || Math.abs(x - from) < DRAG_MIN_PX) return;
    const { left, right } = this.#hands.plot();
    const clip = (at: number) => Math.min(right, Math.max(left, at));
    const span = this.#hands.span();
    const [a, b] = [this.#ms(clip(Math.min(from, x)), span), this.#ms(clip(Math.max(from, x)), span)];
    if (b > a) this.#hands.show(clampSpan({ from: a, to: b }), { step: true });
  }

  cancel(id: number): void {
    this.#fingers.delete(id);
    this.#restart();
    this.#dragFrom = null;
    this.#hands.drag(null);
  }

  wheel(event: { deltaX: number; deltaY: number; deltaMode: number; shiftKey: boolean }, x: number): void {
    const unit = event.deltaMode === 0 ? 1 : WHEEL_LINE_PX;
    const { left, right } = this.#hands.plot();
    const span = this.#hands.span();
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.#hands.show(pan(span, (sideways * unit) / (right - left)));
    } else this.#hands.show(zoom(span, Math.exp(event.deltaY * unit * WHEEL_ZOOM), this.#ms(x, span)));
  }
}
