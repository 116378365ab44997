/** The hop that a token stands for, as its holder sees it: where it is, and what is left to it. */
import type { RemainingView } from "../../mesh/chain/views.ts";
import { invalid } from "../../mesh/hop/token.ts";
import { type App, otherMethods } from "../app.ts";
import { Refused } from "../problem.ts";

export function hopRoutes(app: App): void {
  app.get("/v1/hop", async (c) => {
    const { mesh, hop } = c.get("identity");
    if (hop === undefined) {
      const detail = "This tells a hop what is left to it: send its hop token, as bearer or in Hopline-Token.";
      throw new Refused({ code: "insufficient_scope", detail });
    }
    const { chainId, hopId, agent } = hop;
    const remaining = (await mesh.ledger(chainId).remaining(chainId, hopId)) as RemainingView | undefined;
    if (remaining === undefined) throw new Refused(invalid("its hop has ended").rejection);
    return c.json({ chainId, hopId, agent, remaining });
  });
  otherMethods(app, "/v1/hop", "GET");
}
