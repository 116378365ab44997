import { afterAll, beforeAll } from "vitest";
import { AgentHost } from "./agent.ts";
import { MeshServer } from "./mesh.ts";

/**
 * A mesh and a host of real agents for the tests of a file: started before the first of them, gone after the last.
 * @param take gets them once they run
 */
export function staged(take: (stage: { readonly mesh: MeshServer; readonly host: AgentHost }) => void): void {
  let mesh: MeshServer | undefined;
  let host: AgentHost | undefined;
  beforeAll(async () => {
    mesh = await MeshServer.start();
    host = await AgentHost.start(mesh);
    take({ mesh, host });
  });
  afterAll(async () => {
    await host?.close();
    await mesh?.wipe();
  });
}
