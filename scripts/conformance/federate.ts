/** The suites' fixtures behind the mesh, under their tools' own names. */
import { type FixtureServer, startFixture } from "./fixture-server.ts";
import { startOldFixture } from "./old-fixture.ts";

/** @throws {Error} with the mesh's answer, when one is not registered */
export async function federateFixture(mesh: {
  readonly url: string;
  readonly key: string;
}): Promise<Pick<FixtureServer, "close">> {
  const [fixture, old] = [await startFixture(), await startOldFixture()];
  await register(mesh, "fixture", fixture.url);
  await register(mesh, "fixture-old", old.url);
  const close = async () => {
    await Promise.all([fixture.close(), old.close()]);
  };
  return { close };
}

async function register(
  mesh: { readonly url: string; readonly key: string },
  name: string,
  url: string,
): Promise<void> {
  const answer = await fetch(`${mesh.url}/v1/agents`, {
    method: "POST",
    headers: { authorization: `Bearer ${mesh.key}`, "content-type": "application/json" },
    signal: AbortSignal.timeout(30_000),
    body: JSON.stringify({ name, version: "1.0.0", endpoint: { kind: "mcp", url, toolPrefix: false } }),
  });
  if (!answer.ok) throw new Error(`The fixture was not registered: ${await answer.text()}`);
  const { upstream } = (await answer.json()) as { upstream?: { lastError?: string | null } };
  if (upstream?.lastError) throw new Error(`The fixture was not found out about: ${upstream.lastError}`);
}
