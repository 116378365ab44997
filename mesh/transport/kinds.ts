/** The transports by endpoint kind; a kind that the schema gets must get its transport here. */
import type { EndpointKind } from "../schema.ts";
import { binding } from "./binding.ts";
import { builtin } from "./builtin.ts";
import { http } from "./http.ts";
import { mcp } from "./mcp.ts";
import type { Transport } from "./transport.ts";

const TRANSPORTS: Readonly<Record<EndpointKind, Transport>> = { builtin, binding, http, mcp };

export function transportOf(kind: EndpointKind): Transport {
  return TRANSPORTS[kind];
}
