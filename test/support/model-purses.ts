/**
 * The arithmetic of the purses in one dimension, written from the design's section 5a, letter by letter and before the
 * ledger's own was read. It knows no rows, no stack and no shortcut: a purse points at the one above it.
 */
export interface ModelPurse {
  limit: number;
  spent: number;
  held: number;
  /** What no purse could hold; only the root's is ever used. */
  over: number;
  overran: boolean;
  closed: boolean;
  readonly above: ModelPurse | undefined;
}

export function purse(limit: number, above?: ModelPurse): ModelPurse {
  return { limit, spent: 0, held: 0, over: 0, overran: false, closed: false, above };
}

/** free = limit − spent − held */
export function free(p: ModelPurse): number {
  return p.limit - p.spent - p.held;
}

export function rootOf(p: ModelPurse): ModelPurse {
  return p.above === undefined ? p : rootOf(p.above);
}

/** Refuse if p overran or root.over > 0. Plain: need ≤ free(p). With allowance A: need ≤ A ≤ free(p). */
export function fits(p: ModelPurse, need: number, allowance: number | undefined): boolean {
  if (p.overran || rootOf(p).over > 0) return false;
  return allowance === undefined ? need <= free(p) : need <= allowance && allowance <= free(p);
}

/** With A: new purse q (limit A), held_p += A, p := q. */
export function grant(p: ModelPurse, allowance: number): ModelPurse {
  p.held += allowance;
  return purse(allowance, p);
}

/** p and every purse above: spent += c; every purse above p: held −= c. */
export function charge(p: ModelPurse, c: number): void {
  p.spent += c;
  for (let q = p.above; q !== undefined; q = q.above) {
    q.spent += c;
    q.held -= c;
  }
}

/** held_p −= est; x = max(0, u − free(p)); g = grow(p, x); charge(p, u − x + g); root.over += x − g. */
export function book(p: ModelPurse, est: number, u: number): void {
  p.held -= est;
  const x = Math.max(0, u - free(p));
  const g = grow(p, x);
  charge(p, u - x + g);
  rootOf(p).over += x - g;
  handBack(p);
}

/** At root 0; else f = min(x, free(parent)), t = f + grow(parent, x − f); limit_p += t, held_parent += t, p overran. */
function grow(p: ModelPurse, x: number): number {
  if (x === 0 || p.above === undefined) return 0;
  const f = Math.min(x, free(p.above));
  const t = f + grow(p.above, x - f);
  p.limit += t;
  p.above.held += t;
  p.overran = true;
  return t;
}

/** δ > 0 as SETTLE with nothing held, else charge(p, δ). */
export function correct(p: ModelPurse, delta: number): void {
  if (delta > 0) book(p, 0, delta);
  else charge(p, delta);
  handBack(p);
}

/** A purse closes when its owner settles. */
export function close(p: ModelPurse): void {
  p.closed = true;
  handBack(p);
}

/** Upward while closed: f = free(p); limit_p −= f; held_parent −= f. At root: t = min(over, free); over −= t; spent += t. */
function handBack(p: ModelPurse): void {
  for (let q: ModelPurse | undefined = p; q?.closed; q = q.above) {
    const f = free(q);
    if (q.above === undefined) {
      const t = Math.min(q.over, f);
      q.over -= t;
      q.spent += t;
    } else {
      q.limit -= f;
      q.above.held -= f;
    }
  }
}
