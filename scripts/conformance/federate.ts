/** The suites' fixture behind the mesh, under its tools' own names. */
import { FIXTURE } from "../../test/conformance/mcp/fixture.ts";
import { Upstream } from "../../test/support/server/upstream.ts";

/** @throws {Error} with the mesh's answer, when it is not registered */
export async function federateFixture(mesh: { readonly url: string; readonly key: string }): Promise<Upstream> {
  const fixture = await Upstream.modern(FIXTURE);
  const endpoint = { kind: "mcp", url: fixture.url, toolPrefix: false };
  const answer = await fetch(`${mesh.url}/v1/agents`, {
    method: "POST",
    headers: { authorization: `Bearer ${mesh.key}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "fixture", version: "1.0.0", endpoint }),
  });
  if (!answer.ok) throw new Error(`The fixture was not registered: ${await answer.text()}`);
  return fixture;
}
