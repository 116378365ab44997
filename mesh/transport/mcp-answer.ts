/** What an MCP server has answered, as the end of a hop: its result, or in which way it has failed. */
import { type CallToolResult, isCallToolResult } from "@modelcontextprotocol/client";
import { EgressDenied } from "../egress/guarded.ts";
import { statusOf } from "../federation/connect.ts";
import { errorWords, withoutPrefix } from "../federation/error-words.ts";
import type { Remembered } from "../federation/memory.ts";
import type { Answered } from "../federation/tool-answer.ts";
import { isTooDeep } from "../hop/payload.ts";
import { schemaErrors } from "../hop/schema-check.ts";
import { BODY_BYTES, JSON_DEPTH } from "../limits.ts";
import { explain, placeOf } from "../rejection.ts";
import { type Delivered, type Delivery, failed, NO_USAGE } from "./transport.ts";

/** It has answered: not as it should, but it is there. */
const HEARD = { transient: false, sick: false };
/** Characters of an upstream's own words that are kept. */
const DETAIL_CHARS = 1_000;
const SICK = new Set([502, 503, 504]);
/** A server that is busy is not sick. */
const TRANSIENT = new Set([429, ...SICK]);

export function deliveredOf(delivery: Delivery, answered: Answered, { discover }: Remembered): Delivered {
  const { name } = delivery.agent;
  switch (answered.kind) {
    case "none": {
      const { rejection, connection } = answered;
      if (rejection.code === "egress_denied") return failed(rejection);
      return upstream(`Server '${name}' failed: ${explain(rejection)}`, { transient: connection, sick: connection });
    }
    case "error":
      delivery.relay?.erred?.(answered.error);
      return upstream(`Server '${name}' failed: ${said(withoutPrefix(answered.error.message))}`);
    case "status": {
      const { status } = answered;
      const detail = `Server '${name}' failed with status ${status}: ${said(answered.said)}`;
      return upstream(detail, { transient: TRANSIENT.has(status), sick: SICK.has(status) });
    }
    case "result": {
      const result = resultOf(answered.result, discover !== undefined, delivery);
      return typeof result === "string"
        ? upstream(`Server '${name}' failed: ${result}`)
        : checked(delivery, result, answered.chars);
    }
    default:
      return answered satisfies never;
  }
}

/** @returns why it is none */
function resultOf(given: unknown, stateless: boolean, { relay }: Delivery): CallToolResult | string {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return "its result is no object.";
  const { resultType, ...result } = given as Record<string, unknown>;
  if (stateless && resultType === "input_required") return inputRequired(result, relay);
  if (stateless && resultType !== "complete") return `its result is of no type that is known: '${shown(resultType)}'.`;
  // The older era lets it be left out.
  const whole = stateless || result.content !== undefined ? result : { ...result, content: [] };
  return isToolResult(whole) ? whole : "its result is not one of a tool.";
}

function inputRequired(result: Record<string, unknown>, relay: Delivery["relay"]): CallToolResult | string {
  const { inputRequests, requestState } = result;
  const asks = typeof inputRequests === "object" && inputRequests !== null && Object.keys(inputRequests).length > 0;
  if (!asks && typeof requestState !== "string") return "its result asks for input, and does not say which.";
  if (relay === undefined || (relay.ask !== undefined && relay.answers === undefined))
    return "it asks for input, and there is nobody here who can be asked.";
  return {
    ...result,
    resultType: "input_required",
    inputRequests: asks ? inputRequests : {},
  } as unknown as CallToolResult;
}

/** Plain text is seen at a glance; whatever else there is, the protocol's own schema knows. */
function isToolResult(result: Record<string, unknown>): result is CallToolResult {
  const { content, isError, _meta, structuredContent, ...others } = result;
  const plain =
    Array.isArray(content) &&
    content.every(isPlainText) &&
    (isError === undefined || typeof isError === "boolean") &&
    _meta === undefined &&
    Object.keys(others).length === 0;
  return plain || isCallToolResult(result);
}

function isPlainText(item: unknown): boolean {
  if (typeof item !== "object" || item === null) return false;
  const { type, text, ...others } = item as Record<string, unknown>;
  return type === "text" && typeof text === "string" && Object.keys(others).length === 0;
}

function shown(value: unknown): string {
  return typeof value === "string" ? value.slice(0, 64).toWellFormed() : "";
}

/** An upstream's own words, as many as are kept. */
function said(words: string): string {
  return words.slice(0, DETAIL_CHARS).toWellFormed();
}

/** @param chars of its JSON */
export function checked({ agent, skill }: Delivery, result: CallToolResult, chars: number): Delivered {
  if (isTooDeep(result, chars)) {
    return upstream(`Server '${agent.name}' answered with a result that nests deeper than ${JSON_DEPTH} levels.`);
  }
  if (chars > BODY_BYTES) return upstream(`Server '${agent.name}' answered with more than ${BODY_BYTES} bytes.`);
  const { outputSchema } = skill.tool ?? {};
  const asks = (result as { resultType?: unknown }).resultType === "input_required";
  if (outputSchema !== undefined && result.isError !== true && !asks) {
    const [wrong] = schemaErrors(outputSchema, result.structuredContent ?? null);
    if (wrong !== undefined) {
      return upstream(
        `Server '${agent.name}' answered with structured content that does not fit its own schema of '${skill.id}'${placeOf(wrong)}: ${wrong.detail}`,
      );
    }
  }
  return { ok: true, output: result, usage: NO_USAGE };
}

export function failure(name: string, error: unknown): Delivered {
  if (error instanceof EgressDenied) return failed({ code: "egress_denied", detail: error.message });
  const status = statusOf(error);
  const words = said(errorWords(error));
  // Without a status nothing was heard of the server: the call may not have arrived.
  const code = (error as { code?: unknown } | undefined)?.code;
  const unheard = status === undefined && typeof code !== "number";
  const transient = status === undefined ? unheard : TRANSIENT.has(status);
  const sick = status === undefined ? unheard : SICK.has(status);
  return upstream(`Server '${name}' failed${status === undefined ? "" : ` with status ${status}`}: ${words}`, {
    transient,
    sick,
  });
}

function upstream(detail: string, options: { transient: boolean; sick: boolean } = HEARD): Delivered {
  return failed({ code: "upstream_error", detail }, options);
}
