/** What a chain may use of each dimension, what it has used, and what open hops hold. */
import { DIMENSIONS, type Dimension } from "../../../mesh/limits.ts";
import { amount, DIMENSION_WORDS } from "../parts/amount.ts";
import type { Chain } from "../shapes.ts";

export function Budgets({ chain, now }: { readonly chain: Chain; readonly now: number }) {
  return (
    <section class="budgets" aria-label="Budget">
      {DIMENSIONS.map((dimension) => (
        <Budget key={dimension} {...partsOf(chain, dimension, now)} />
      ))}
    </section>
  );
}

interface BudgetParts {
  readonly dimension: Dimension;
  readonly spent: number;
  readonly reserved: number;
  readonly limit: number;
  readonly overrun: number;
}

function partsOf(
  { spent, reserved, limits, overrun, ...chain }: Chain,
  dimension: Dimension,
  now: number,
): BudgetParts {
  return {
    dimension,
    // Time passes between two answers.
    spent: dimension === "wallMs" ? Math.max(spent.wallMs, now - chain.startedAt) : spent[dimension],
    reserved: reserved[dimension],
    limit: limits[dimension],
    overrun: overrun[dimension],
  };
}

function Budget({ dimension, spent, reserved, limit, overrun }: BudgetParts) {
  const text = (value: number) => amount(dimension, value);
  const share = (value: number) => `${limit === 0 ? 0 : Math.min(100, (100 * value) / limit)}%`;
  const isFull = spent + reserved >= limit;
  return (
    <div class={`budget${isFull ? " full" : ""}${overrun > 0 ? " over" : ""}`}>
      <p class="budget-word">
        {DIMENSION_WORDS[dimension]}
        {isFull ? <b class="rejected"> full</b> : null}
      </p>
      <div class="meter" aria-hidden="true">
        <span class="spent" style={{ width: share(spent) }} />
        <span class="reserved" style={{ width: share(Math.min(reserved, Math.max(0, limit - spent))) }} />
      </div>
      <p class="budget-amounts">
        <b>{text(spent)}</b>
        {reserved === 0 ? null : <span class="held"> +{text(reserved)} held</span>}
        <span class="soft"> / {text(limit)}</span>
        {overrun === 0 ? null : <span class="mark error"> ✗ {text(overrun)} over</span>}
      </p>
    </div>
  );
}
