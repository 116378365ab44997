/** One call of another agent: what it gives, or why it is missing. A refusal is worked around, a defect is not. */
import type * as z from "zod";
import { type CallOptions, type Hop, HopRejected } from "../define.ts";
import type { LeftOut } from "./schema.ts";

export type Answered<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly missing: LeftOut };

/** @param name is what the report calls it when it is missing */
export async function askAgent<Out extends z.ZodType>(
  hop: Hop,
  {
    agent,
    input,
    output,
    what,
    name,
    options,
  }: {
    readonly agent: string;
    readonly input: unknown;
    readonly output: Out;
    readonly what: LeftOut["what"];
    readonly name: string;
    readonly options?: CallOptions;
  },
): Promise<Answered<z.output<Out>>> {
  try {
    const answer = output.safeParse(await hop.call(agent, input, options));
    if (answer.success) return { ok: true, value: answer.data };
    const detail = `What '${agent}' answered is not what it should be.`;
    return { ok: false, missing: { what, name, code: "upstream_error", detail } };
  } catch (error) {
    if (!(error instanceof HopRejected)) throw error;
    return { ok: false, missing: { what, name, code: error.code, detail: error.message } };
  }
}
