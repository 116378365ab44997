/** The mesh's HTTP API as a client sees it, without a socket between. */
import { SELF } from "cloudflare:test";
import type { Budget, CallPolicy } from "../../../mesh/budget.ts";
import type { ChainGraph } from "../../../mesh/chain/lineage.ts";
import type { ChainView } from "../../../mesh/chain/views.ts";
import { bindings } from "./ledger.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, as the test says that it is. */
  readonly body: Record<string, unknown>;
}

export interface Sent {
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export async function api(method: string, path: string, { key, body, headers = {} }: Sent = {}): Promise<Reply> {
  const response = await SELF.fetch(`http://mesh${path}`, {
    method,
    headers: {
      authorization: `Bearer ${key ?? bindings.HOPLINE_ADMIN_KEY}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await response.text();
  const parsed = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.status, headers: response.headers, body: parsed };
}

export interface Call {
  readonly skill?: string;
  readonly budget?: Budget;
  readonly policy?: CallPolicy;
  readonly key?: string;
  readonly headers?: Record<string, string>;
}

export function invoke(agent: string, input: unknown, { key, headers, ...call }: Call = {}): Promise<Reply> {
  const sent = { body: { input, ...call }, ...(key && { key }), ...(headers && { headers }) };
  return api("POST", `/v1/agents/${agent}/invoke`, sent);
}

export async function chainOf(reply: Reply): Promise<ChainView> {
  return (await api("GET", `/v1/chains/${reply.headers.get("hopline-chain")}`)).body as unknown as ChainView;
}

export async function graphOf(reply: Reply): Promise<ChainGraph> {
  return (await api("GET", `/v1/chains/${reply.headers.get("hopline-chain")}/graph`)).body as unknown as ChainGraph;
}
