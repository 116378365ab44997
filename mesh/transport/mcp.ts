/** Tools of a remote MCP server: a call of one is a hop, and its result passes through as the server gave it. */
import { type CallToolResult, type Client, type Progress, ProtocolError } from "@modelcontextprotocol/client";
import { EgressDenied } from "../egress/guarded.ts";
import { statusOf, withUpstream } from "../federation/connect.ts";
import { lackingOf } from "../federation/needs.ts";
import { nestsDeeper } from "../hop/payload.ts";
import { schemaErrors } from "../hop/schema-check.ts";
import { BODY_BYTES, JSON_DEPTH } from "../limits.ts";
import { type Delivered, type Delivery, failed, NO_USAGE, type Transport } from "./transport.ts";

/** It has answered: not as it should, but it is there. */
const HEARD = { transient: false, sick: false };
/** Characters of an upstream's own words that are kept. */
const DETAIL_CHARS = 1_000;
/** Where a request of 2026-07-28 says what is to be logged while it runs. */
const LOG_LEVEL = "io.modelcontextprotocol/logLevel";
const SICK = new Set([502, 503, 504]);
/** A server that is busy is not sick. */
const TRANSIENT = new Set([429, ...SICK]);

export const mcp: Transport = async (delivery) => {
  const { agent, mesh, skill, input, signal, deadlineMs, relay } = delivery;
  const { endpoint } = agent;
  if (endpoint.kind !== "mcp") throw new TypeError("An mcp transport was given another endpoint.");
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return failed({ code: "invalid_input", detail: "A tool's arguments are an object." });
  }
  const lacking = lackingOf(skill, relay);
  if (lacking !== undefined) return failed(lacking);
  const headers = endpoint.continues ? await lineage(delivery) : {};
  const timeout = Math.max(1, deadlineMs - mesh.now());
  const { inputResponses, requestState } = relay?.answers ?? {};
  const answers = {
    ...(inputResponses === undefined ? {} : { inputResponses }),
    ...(requestState === undefined ? {} : { requestState }),
  };
  const tell = relay?.tell;
  const told =
    tell === undefined
      ? {}
      : {
          onprogress: ({ progress, total, message }: Progress) =>
            tell({ method: "notifications/progress", params: { progress, total, message } }),
        };
  try {
    const upstream = { url: endpoint.url, policy: mesh.egress, headers, relay };
    const result = await withUpstream(upstream, { signal, timeout }, ({ client }) =>
      client.callTool(
        {
          name: skill.id,
          arguments: input as Record<string, unknown>,
          ...answers,
          _meta: {
            traceparent: `00-${delivery.chainId}-${delivery.hopId}-01`,
            ...(relay?.logLevel === undefined ? {} : { [LOG_LEVEL]: relay.logLevel }),
          },
        } as Parameters<Client["callTool"]>[0],
        {
          ...told,
          signal,
          timeout,
          maxTotalTimeout: timeout,
          allowInputRequired: relay !== undefined && (relay.ask === undefined || relay.answers !== undefined),
        },
      ),
    );
    return checked(delivery, result as CallToolResult);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProtocolError) {
      const { code, message, data } = error;
      relay?.erred?.({ code, message, data });
    }
    return failure(agent.name, error);
  }
};

/** Only for a server that was registered as one that calls on: nobody else gets a token. */
async function lineage(delivery: Delivery): Promise<Record<string, string>> {
  const { chainId, hopId } = delivery;
  return { "hopline-token": await delivery.token(), "hopline-chain": chainId, "hopline-hop": hopId };
}

function checked({ agent, skill }: Delivery, result: CallToolResult): Delivered {
  if (nestsDeeper(result, JSON_DEPTH)) {
    return upstream(`Server '${agent.name}' answered with a result that nests deeper than ${JSON_DEPTH} levels.`);
  }
  const bytes = JSON.stringify(result).length;
  if (bytes > BODY_BYTES) return upstream(`Server '${agent.name}' answered with more than ${BODY_BYTES} bytes.`);
  const { outputSchema } = skill.tool ?? {};
  const asks = (result as { resultType?: unknown }).resultType === "input_required";
  if (outputSchema !== undefined && result.isError !== true && !asks) {
    const [wrong] = schemaErrors(outputSchema, result.structuredContent ?? null);
    if (wrong !== undefined) {
      const where = wrong.pointer || "/";
      return upstream(
        `Server '${agent.name}' answered with structured content that does not fit its own schema of '${skill.id}' at '${where}': ${wrong.detail}`,
      );
    }
  }
  return { ok: true, output: result, usage: NO_USAGE };
}

function failure(name: string, error: unknown): Delivered {
  if (error instanceof EgressDenied) return failed({ code: "egress_denied", detail: error.message });
  const status = statusOf(error);
  const said = (error instanceof Error ? error.message : String(error)).slice(0, DETAIL_CHARS).toWellFormed();
  // Without a status nothing was heard of the server: the call may not have arrived.
  const code = (error as { code?: unknown } | undefined)?.code;
  const unheard = status === undefined && typeof code !== "number";
  const transient = status === undefined ? unheard : TRANSIENT.has(status);
  const sick = status === undefined ? unheard : SICK.has(status);
  return upstream(`Server '${name}' failed${status === undefined ? "" : ` with status ${status}`}: ${said}`, {
    transient,
    sick,
  });
}

function upstream(detail: string, options: { transient: boolean; sick: boolean } = HEARD): Delivered {
  return failed({ code: "upstream_error", detail }, options);
}
