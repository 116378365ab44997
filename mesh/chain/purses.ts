/**
 * The arithmetic of the purses (docs/design.md, 5a), one counted dimension at a time, on plain objects that the caller
 * has loaded and will write back.
 *
 * Theorem: free(p) ≥ 0 for every purse at every instant, and held(p) = Σ open reservations on p + Σ (limit − spent)
 * of the open purses just below it. So one purse is all that an admission reads: the one above already holds its whole rest.
 */

export interface Purse {
  limit: number;
  spent: number;
  held: number;
  /** Used beyond what any purse could hold; only ever above 0 at the root. */
  over: number;
  /** A callee used more than this purse had: no further admission on it. */
  overran: boolean;
  /** Its owner has settled: what is free in it goes back up. */
  closed: boolean;
}

/** From the purse that a hop books on, upward; the last one is the chain's root purse. */
export type Purses = readonly [Purse, ...Purse[]];

export function newPurse(limit: number): Purse {
  return { limit, spent: 0, held: 0, over: 0, overran: false, closed: false };
}

export function free(purse: Purse): number {
  return purse.limit - purse.spent - purse.held;
}

/** What a hop needs to start: `first` is spent at once (itself, its input), `estimate` is held until it settles. */
export interface Need {
  readonly first: number;
  readonly estimate: number;
}

/** Why a need does not fit: which purse says so, its limit, what it would come to, what could be had. */
export interface Shortage {
  readonly purse: "standing" | "asked";
  readonly limit: number;
  readonly actual: number;
  readonly available: number;
}

/** Whether `need`, and the allowance it may ask for, can be had. Books nothing. */
export function shortage(purses: Purses, need: Need, allowance?: number): Shortage | undefined {
  const [standing] = purses;
  const root = rootOf(purses);
  const total = need.first + need.estimate;
  const asked = allowance ?? total;
  const available = standing.overran || root.over > 0 ? 0 : free(standing);
  if (asked > available || standing.overran || root.over > 0) {
    const actual = standing.spent + standing.held + asked + root.over;
    return { purse: "standing", limit: standing.limit, actual, available };
  }
  if (allowance !== undefined && total > allowance) {
    return { purse: "asked", limit: allowance, actual: total, available: allowance };
  }
  return undefined;
}

/**
 * Books an admission that `shortage` let pass.
 * @returns the purse that the hop owns, when it asked for an allowance
 */
export function reserve(purses: Purses, need: Need, allowance?: number): Purse | undefined {
  let booked = purses;
  let own: Purse | undefined;
  if (allowance !== undefined) {
    own = newPurse(allowance);
    purses[0].held += allowance;
    booked = [own, ...purses];
  }
  booked[0].held += need.estimate;
  charge(booked, need.first);
  return own;
}

/** Spends `amount` on the first purse and every one above; a negative amount gives back. */
function charge(purses: Purses, amount: number): void {
  for (const [level, purse] of purses.entries()) {
    purse.spent += amount;
    if (level > 0) purse.held -= amount;
  }
}

/** Takes up to `amount` from the purses above into the first one. @returns what could be had */
function grow(purses: Purses, amount: number): number {
  const [purse, parent, ...rest] = purses;
  if (parent === undefined || amount === 0) return 0;
  const fromParent = Math.min(amount, free(parent));
  const taken = fromParent + grow([parent, ...rest], amount - fromParent);
  purse.limit += taken;
  parent.held += taken;
  purse.overran = true;
  return taken;
}

/**
 * Books what a hop used beyond what was booked at its admission, and lets go of its estimate.
 * @param purses from the hop's own purse, if it owns one, upward
 */
export function settle(purses: Purses, estimate: number, used: number): void {
  const [purse] = purses;
  purse.held -= estimate;
  const excess = Math.max(0, used - free(purse));
  const grown = grow(purses, excess);
  charge(purses, used - excess + grown);
  rootOf(purses).over += excess - grown;
  sweep(purses);
}

/** Corrects, once, what was booked while the use was unknown. `difference` is use − booked. */
export function correct(purses: Purses, difference: number): void {
  if (difference > 0) return settle(purses, 0, difference);
  charge(purses, difference);
  sweep(purses);
}

/** The owner of the first purse has settled: the purse closes, and its rest goes back up. */
export function close(purses: Purses): void {
  purses[0].closed = true;
  sweep(purses);
}

/** Upward from a closed purse, while closed: what is free goes to the purse above; at the root it pays the overrun. */
function sweep(purses: Purses): void {
  for (const [level, purse] of purses.entries()) {
    if (!purse.closed) return;
    const rest = free(purse);
    const parent = purses[level + 1];
    if (parent === undefined) {
      const paid = Math.min(purse.over, rest);
      purse.over -= paid;
      purse.spent += paid;
    } else {
      purse.limit -= rest;
      parent.held -= rest;
    }
  }
}

/**
 * What is booked of a reported dimension when nobody knows the use (lost, timeout, cancelled): the estimate, and all
 * that is free in the allowance that was given to the hop. A measured dimension books 0.
 */
export function unknownUse(estimate: number, own: Purse | undefined): number {
  return estimate + (own === undefined ? 0 : free(own));
}

function rootOf(purses: Purses): Purse {
  return purses[purses.length - 1] as Purse;
}
