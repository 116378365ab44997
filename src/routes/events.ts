/** The events of one chain as they happen, for whoever watches it. */
import { followChain } from "../../mesh/hop/follow.ts";
import { type App, otherMethods } from "../app.ts";
import { requireScope } from "../auth.ts";
import { Refused } from "../problem.ts";
import { eventStream } from "../sse.ts";
import { findChain } from "./chains.ts";

const PATH = "/v1/chains/:id/events";

export function eventRoutes(app: App): void {
  app.get(PATH, async (c) => {
    const { mesh } = c.get("identity");
    requireScope(c.get("identity"), "read");
    const after = lastEventId(c.req.header("last-event-id"));
    const { ledger, chain } = await findChain(mesh, c.req.param("id"));
    const { chainId } = chain;
    if (after > 0 && !(await ledger.hasHappened(after))) throw notAnEvent();
    return eventStream(
      async ({ send, left }) => {
        for await (const event of followChain(mesh, chain, after, left)) {
          if ("chain" in event) await send({ event: "chain", data: event.chain });
          else await send({ event: "hop", data: event.hop, id: event.hop.seq });
        }
      },
      { headers: { "hopline-chain": chainId } },
    );
  });
  otherMethods(app, PATH, "GET");
}

/** @throws {Refused} invalid_request */
function lastEventId(given: string | undefined): number {
  if (given === undefined || given === "") return 0;
  if (!/^\d{1,15}$/.test(given)) throw notAnEvent();
  return Number(given);
}

function notAnEvent(): Refused {
  const detail = "Last-Event-ID is not the id of an event of this chain: leave it out to begin with its first.";
  return new Refused({ code: "invalid_request", detail });
}
