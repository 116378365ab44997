/** The suites' fixture behind the mesh, under its tools' own names. */
import { type FixtureServer, startFixture } from "./fixture-server.ts";

/** @throws {Error} with the mesh's answer, when it is not registered */
export async function federateFixture(mesh: { readonly url: string; readonly key: string }): Promise<FixtureServer> {
  const fixture = await startFixture();
  const endpoint = { kind: "mcp", url: fixture.url, toolPrefix: false };
  const answer = await fetch(`${mesh.url}/v1/agents`, {
    method: "POST",
    headers: { authorization: `Bearer ${mesh.key}`, "content-type": "application/json" },
    signal: AbortSignal.timeout(30_000),
    body: JSON.stringify({ name: "fixture", version: "1.0.0", endpoint }),
  });
  if (!answer.ok) throw new Error(`The fixture was not registered: ${await answer.text()}`);
  return fixture;
}
