/** What the API answers with, as the console reads it: the shapes that describe the API. Types only, so none of it is bundled. */
import type * as z from "zod";
import type { Agent as RegisteredAgent, Skill as RegisteredSkill } from "../../mesh/schema.ts";
import type { ChainAnswer, ChainItemAnswer, HopEventAnswer, InvokeAnswer } from "../openapi/answers.ts";

export type Chain = z.infer<typeof ChainAnswer>;
export type ChainItem = z.infer<typeof ChainItemAnswer>;
export type HopEvent = z.infer<typeof HopEventAnswer>;
export type InvokeResult = z.infer<typeof InvokeAnswer>;
export type ChainStatus = Chain["status"];
export type HopStatus = HopEvent["status"];
export type Agent = RegisteredAgent;
export type Skill = RegisteredSkill;

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor?: string;
}

/** An RFC 9457 body, as far as the console shows it. */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly chainId?: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}
