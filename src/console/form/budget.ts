/** The budget that a form asks for: dollars and seconds, as people think of them. Pure. */
import type { Budget } from "../../../mesh/budget.ts";
import type { FieldErrors } from "./values.ts";

export const BUDGET_FIELDS = [
  { name: "hops", word: "Hops", dimension: "hops", each: 1 },
  { name: "tokens", word: "Tokens", dimension: "tokens", each: 1 },
  { name: "cost", word: "Cost in $", dimension: "costMicros", each: 1_000_000 },
  { name: "seconds", word: "Seconds", dimension: "wallMs", each: 1_000 },
] as const;

export type BudgetTyped = Readonly<Record<string, string>>;

export type BudgetMade =
  | { readonly ok: true; readonly budget: Budget }
  | { readonly ok: false; readonly errors: FieldErrors };

/** What is left empty has the mesh's default. */
export function budgetOf(typed: BudgetTyped): BudgetMade {
  const errors: Record<string, string> = {};
  const budget: Record<string, number> = {};
  for (const { name, dimension, each } of BUDGET_FIELDS) {
    const text = (typed[name] ?? "").trim();
    if (text === "") continue;
    const amount = Number(text);
    if (!(amount >= 0) || !Number.isFinite(amount)) errors[name] = "This has to be a number from 0.";
    else if (each === 1 && !Number.isInteger(amount)) errors[name] = "This has to be a whole number.";
    else budget[dimension] = Math.round(amount * each);
  }
  return Object.keys(errors).length > 0 ? { ok: false, errors } : { ok: true, budget };
}
