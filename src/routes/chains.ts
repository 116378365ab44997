/** Chains: search, read, cancel, delete. */
import * as z from "zod";
import type { Ledger } from "../../mesh/chain/chain.ts";
import type { Removal } from "../../mesh/chain/retention.ts";
import type { ChainView } from "../../mesh/chain/views.ts";
import { encodeCursor } from "../../mesh/cursor.ts";
import { CHAIN_ID } from "../../mesh/ids.ts";
import type { ChainItem } from "../../mesh/index/store.ts";
import type { Mesh } from "../../mesh/mesh.ts";
import type { Rejection } from "../../mesh/rejection.ts";
import { type App, otherMethods } from "../app.ts";
import { type Identity, requireScope } from "../auth.ts";
import { Refused } from "../problem.ts";
import { cursorOf, integer, Limit, readQuery } from "../query.ts";

export const ListQuery = z.strictObject({
  status: z.enum(["running", "done", "failed", "cancelled", "expired"]).optional(),
  /** The root agent. */
  agent: z.string().max(63).optional(),
  /** Epoch milliseconds: chains that started then or later. */
  since: integer(0, Number.MAX_SAFE_INTEGER).default(0),
  cursor: cursorOf(z.tuple([z.int().min(0), z.string().regex(CHAIN_ID)])),
  limit: Limit,
});

export function chainRoutes(app: App): void {
  app.get("/v1/chains", async (c) => {
    const { mesh } = c.get("identity");
    requireScope(c.get("identity"), "read");
    const { cursor, limit, ...search } = readQuery(c.req.url, ListQuery);
    const before = cursor && { startedAt: cursor[0], chainId: cursor[1] };
    const found = (await mesh.index.searchChains({ ...search, before, limit: limit + 1 })) as ChainItem[];
    const shown = found.slice(0, limit);
    const items = shown.map(({ agent, principal, ...chain }) => ({ ...chain, root: { agent, principal } }));
    const last = shown.at(-1);
    const nextCursor = found.length > limit && last ? { nextCursor: encodeCursor([last.startedAt, last.chainId]) } : {};
    return c.json({ items, ...nextCursor });
  });
  otherMethods(app, "/v1/chains", "GET");

  app.get("/v1/chains/:id", async (c) => {
    requireScope(c.get("identity"), "read");
    const { chain } = await findChain(c.get("identity").mesh, c.req.param("id"));
    return c.json(chain, 200, { "hopline-chain": chain.chainId });
  });

  app.delete("/v1/chains/:id", async (c) => {
    const { ledger, chain } = await findOwnChain(c.get("identity"), c.req.param("id"), "delete");
    const removal = (await ledger.remove(chain.chainId)) as Removal;
    if (removal !== "removed") throw new Refused(notRemoved(removal, chain.chainId));
    return c.body(null, 204);
  });
  otherMethods(app, "/v1/chains/:id", "GET, DELETE");

  app.post("/v1/chains/:id/cancel", async (c) => {
    const cancelled = await cancelChain(c.get("identity"), c.req.param("id"));
    return c.json(cancelled, 200, { "hopline-chain": cancelled.chainId });
  });
  otherMethods(app, "/v1/chains/:id/cancel", "POST");
}

/** @throws {Refused} insufficient_scope, chain_closed, not_found, invalid_request */
export async function cancelChain(identity: Identity, id: string): Promise<ChainView> {
  const { ledger, chain } = await findOwnChain(identity, id, "cancel");
  const cancelled = (await ledger.cancel(chain.chainId)) as ChainView;
  if (cancelled.status !== "cancelled") {
    const detail = `The chain had already ended (${cancelled.status}).`;
    throw new Refused({ code: "chain_closed", detail }, { place: { chainId: chain.chainId } });
  }
  return cancelled;
}

function notRemoved(removal: Exclude<Removal, "removed">, chainId: string): Rejection {
  switch (removal) {
    case "running":
      return {
        code: "conflict",
        detail: `The chain is running. Cancel it first: POST /v1/chains/${chainId}/cancel, then delete it.`,
      };
    case "unknown":
      return noSuchChain(chainId);
    case "untold":
      return {
        code: "conflict",
        detail: "The mesh's graph does not have the chain's last hops yet, so it was kept. Try again in a few seconds.",
      };
    default:
      return removal satisfies never;
  }
}

/** A chain for whoever may end it: the key that started it, or an admin. @throws {Refused} insufficient_scope, as findChain */
async function findOwnChain(identity: Identity, id: string, what: "cancel" | "delete") {
  requireScope(identity, "invoke");
  const found = await findChain(identity.mesh, id);
  const { principal } = found.chain.root;
  if (!identity.scopes.has("admin") && principal !== identity.principal) {
    const detail = `The chain was started by ${principal}: only that key or an admin may ${what} it.`;
    throw new Refused({ code: "insufficient_scope", detail }, { place: found.chain });
  }
  return found;
}

/** A chain of this mesh and its ledger. A made-up id fails its check and wakes no object. @throws {Refused} not_found, invalid_request */
export async function findChain(
  mesh: Mesh,
  id: string,
): Promise<{ ledger: DurableObjectStub<Ledger>; chain: ChainView }> {
  if (!CHAIN_ID.test(id)) {
    throw new Refused({ code: "invalid_request", detail: "A chain id is 32 lower-case hex digits." });
  }
  const ledger = await mesh.ledgerOf(id);
  const chain = (await ledger?.read(id)) as ChainView | undefined;
  if (ledger === undefined || chain === undefined) {
    throw new Refused(noSuchChain(id));
  }
  return { ledger, chain };
}

function noSuchChain(id: string): Rejection {
  return { code: "not_found", detail: `This mesh has no chain ${id}, or no longer.` };
}
