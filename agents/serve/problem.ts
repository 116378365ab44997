/** RFC 9457 on both sides: what a served agent refuses with, and what a problem of the mesh is as a rejection. */
import type { Rejection } from "../../mesh/rejection.ts";

/** What a served agent itself refuses with. */
const TITLES = {
  400: "The request is not well formed",
  401: "The hop token is not valid",
  404: "No such skill",
  405: "The resource has no such method",
  413: "The body is too large",
  422: "The input does not fit the skill's schema",
  500: "The agent has failed",
  503: "The agent takes no calls now",
} as const;

export interface Problem {
  readonly status: keyof typeof TITLES;
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

export function problemBody({ status, code, detail, errors }: Problem): Record<string, unknown> {
  const evidence = errors === undefined ? {} : { errors };
  return { type: `urn:hopline:problem:${code}`, title: TITLES[status], status, code, detail, ...evidence };
}

/** What every problem has; the rest is its evidence. */
const STANDING = new Set(["type", "title", "status", "chainId", "hopId", "retryable"]);

/** A problem body of the mesh as the rejection that it was made of; any other answer is the mesh's failure. */
export function rejectionOf(body: unknown, what: string): Rejection {
  if (typeof body !== "object" || body === null || !("code" in body) || typeof body.code !== "string") {
    return { code: "internal", detail: `The mesh answered ${what}, which is no problem of its own.` };
  }
  // The mesh's own word, as its API describes it: a newer mesh may have codes that this version has not.
  return Object.fromEntries(Object.entries(body).filter(([name]) => !STANDING.has(name))) as unknown as Rejection;
}

export function hopIdOf(body: unknown): string | undefined {
  return typeof body === "object" && body !== null && "hopId" in body && typeof body.hopId === "string"
    ? body.hopId
    : undefined;
}
