/** How a change of the registry ended. */
import type { Rejection } from "../rejection.ts";

export interface Done<T> {
  readonly ok: true;
  readonly value: T;
}
export interface Refusal {
  readonly ok: false;
  readonly rejection: Rejection;
}

export function done<T>(value: T): Done<T> {
  return { ok: true, value };
}

export function refuse(
  code: "conflict" | "agent_not_found" | "insufficient_scope" | "precondition_failed" | "not_found",
  detail: string,
): Refusal {
  return { ok: false, rejection: { code, detail } };
}
