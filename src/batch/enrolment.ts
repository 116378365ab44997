/** The lines of a batch on their way into the registry: so many at a time that hops hardly wait, and few enough to hold. */
import { AGENT_BYTES, BATCH_ROWS, BATCH_ROWS_BYTES, BATCH_SERVERS } from "../../mesh/limits.ts";
import type { Mesh } from "../../mesh/mesh.ts";
import type { Changer, Enrolled } from "../../mesh/registry/enrol.ts";
import type { Done, Refusal } from "../../mesh/registry/outcome.ts";
import type { Rejection } from "../../mesh/rejection.ts";
import { type Agent, AgentRegistration } from "../../mesh/schema.ts";
import { type Parsed, parseJson, schemaRejection } from "../body.ts";
import type { Line } from "../ndjson.ts";
import { type CompleteRegistration, completed } from "../registration.ts";
import type { Results } from "./results.ts";

interface Waiting {
  readonly line: number;
  readonly name: unknown;
  readonly registration: Parsed<CompleteRegistration>;
}

export class Enrolment {
  readonly #order: { readonly mesh: Mesh; readonly changer: Changer; readonly replace: boolean };
  readonly #results: Results;
  /** MCP servers that were registered, or replaced; some of them. */
  readonly servers: Agent[] = [];
  #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(order: { mesh: Mesh; changer: Changer; replace: boolean }, results: Results) {
    this.#order = order;
    this.#results = results;
  }

  async take({ number, bytes }: Line): Promise<void> {
    this.#waiting.push({ line: number, ...read(bytes, this.#order.mesh) });
    this.#bytes += bytes?.byteLength ?? 0;
    if (this.#waiting.length >= BATCH_ROWS || this.#bytes >= BATCH_ROWS_BYTES) await this.flush();
  }

  /** Writes what waits, and tells what became of it. */
  async flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    const agents = waiting.flatMap(({ registration }) => (registration.ok ? [registration.value] : []));
    const outcomes = agents.length === 0 ? [] : await this.#write(agents);
    for (const { line, name, registration } of waiting) {
      const outcome = registration.ok ? outcomes.shift() : registration;
      if (outcome === undefined || outcome.ok === false) {
        this.#results.refused(line, name, outcome?.rejection ?? FAILED);
        continue;
      }
      const enrolled = outcome.value as Enrolled;
      this.#results.taken(line, enrolled);
      const { agent } = enrolled;
      if (agent.endpoint.kind === "mcp" && this.servers.length < BATCH_SERVERS) this.servers.push(agent);
    }
  }

  /** A registry that fails now may work at the next lines: those that it was to write are told so. */
  async #write(agents: readonly CompleteRegistration[]): Promise<(Done<Enrolled> | Refusal)[]> {
    const { mesh, changer, replace } = this.#order;
    try {
      const { revision, value } = (await mesh.registry.registerMany(agents, changer, replace)) as {
        revision: number;
        value: (Done<Enrolled> | Refusal)[];
      };
      mesh.noteRevision(revision);
      return value;
    } catch (error) {
      console.error("a batch could not be written", error);
      return agents.map(() => ({ ok: false, rejection: FAILED }));
    }
  }
}

const FAILED: Rejection = {
  code: "internal",
  detail: "The registry has failed at this line, which may be registered all the same. Send it again.",
};

/** A line as a registration, and the name that it says. */
function read(bytes: Uint8Array | undefined, mesh: Mesh): Pick<Waiting, "name" | "registration"> {
  if (bytes === undefined) {
    const detail = `A line is at most ${AGENT_BYTES} bytes.`;
    return { name: undefined, registration: { ok: false, rejection: { code: "payload_too_large", detail } } };
  }
  const json = parseJson(bytes, "The line");
  if (!json.ok) return { name: undefined, registration: json };
  const name = (json.value as { name?: unknown } | null)?.name;
  const parsed = AgentRegistration.safeParse(json.value);
  if (parsed.success) return { name, registration: completed(parsed.data, mesh) };
  return { name, registration: { ok: false, rejection: schemaRejection(parsed.error, "The line") } };
}
