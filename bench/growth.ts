/** What a hop costs in a chain that has many, and deep down in one: the first must not grow. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { cpuMs, type Measured, median } from "./measure.ts";
import { type System, send } from "./systems.ts";

export interface Grown {
  /** Hops that the chain had before the measured ones. */
  readonly before: number;
  readonly depth: number;
  readonly measured: Measured;
}

/** Hops that one measurement takes in: enough for several of the batches that feed the lists. */
const MEASURED = 500;
/** Hops that a chain has before the measured ones. */
export const SIZES = [10, 100, 1_000, 10_000];
/** A cost that doubles from the first to the last would be growth; noise on a shared machine is below this. */
export const FLAT = 1.2;

interface Mark {
  readonly at: number;
  readonly cpu: number;
}

/** Notes the CPU time of a process whenever its Worker says that it begins or ends something. */
async function listen(pid: number, marks: Map<string, Mark>) {
  const server = createServer((request, response) => {
    marks.set(request.url ?? "", { at: performance.now(), cpu: cpuMs(pid) });
    response.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A mesh of its own for each chain: its ledger is empty, so what grows with the hops of other chains shows as well. */
async function runChain(product: System, mesh: string, input: { before: number; depth: number; mark: string }) {
  const { key } = (await send(product, "/v1/keys", { name: mesh, scopes: ["invoke"], mesh })) as { key: string };
  const body = {
    input: { ...input, measured: MEASURED },
    budget: { hops: 100_000, wallMs: 900_000, bytes: 2 ** 30 },
    policy: { maxDepth: 12 },
  };
  const headers = { ...product.headers, authorization: `Bearer ${key}` };
  await send({ ...product, headers }, product.path("grow-1"), body);
}

/** Meshes that this process has named. */
let meshes = 0;

/** @param points where to measure; they are taken in turn, `rounds` times */
export async function grow(
  product: System,
  points: readonly { readonly before: number; readonly depth: number }[],
  rounds: number,
): Promise<Grown[]> {
  const marks = new Map<string, Mark>();
  const { server, url } = await listen(product.pid, marks);
  const taken = points.map((): Measured[] => []);
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [place, { before, depth }] of points.entries()) {
        await runChain(product, `grow-${meshes++}`, { before, depth, mark: url });
        const [begin, end] = [marks.get("/begin"), marks.get("/end")];
        if (begin === undefined || end === undefined) throw new Error("The chain did not say when it was measured.");
        taken[place]?.push({
          cpuMicros: ((end.cpu - begin.cpu) * 1_000) / MEASURED,
          hopsPerSecond: MEASURED / ((end.at - begin.at) / 1_000),
        });
      }
    }
  } finally {
    server.close();
    server.closeAllConnections();
  }
  return points.map((point, place) => ({
    ...point,
    measured: {
      cpuMicros: median((taken[place] ?? []).map((one) => one.cpuMicros)),
      hopsPerSecond: median((taken[place] ?? []).map((one) => one.hopsPerSecond)),
    },
  }));
}
