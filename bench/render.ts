/** How long the formats of a chain's graph take: `node bench/render.ts`. Each is drawn once before it is measured. */
import type { GraphPage } from "../mesh/chain/lineage.ts";
import { dot } from "../mesh/chain/render/dot.ts";
import { mermaid } from "../mesh/chain/render/mermaid.ts";
import { otlp } from "../mesh/chain/render/otlp.ts";
import { svg } from "../mesh/chain/render/svg/svg.ts";
import { pageOf, wide } from "../test/mesh/chain/render/pages.ts";

const FORMATS: Readonly<Record<string, (page: GraphPage) => string>> = {
  json: (page) => JSON.stringify(page.graph),
  "mermaid hops": (page) => mermaid(page, "hops"),
  "mermaid agents": (page) => mermaid(page, "agents"),
  "dot hops": (page) => dot(page, "hops"),
  "dot agents": (page) => dot(page, "agents"),
  "svg hops": (page) => svg(page, "hops"),
  "svg agents": (page) => svg(page, "agents"),
  otlp: (page) => JSON.stringify(otlp(page, Date.now())),
};

for (const hops of [200, 5_000]) {
  const page = pageOf(wide(hops));
  for (const [format, draw] of Object.entries(FORMATS)) {
    draw(page);
    const start = performance.now();
    const { length } = draw(page);
    const ms = performance.now() - start;
    console.log(`${hops} hops  ${format.padEnd(14)}  ${ms.toFixed(1).padStart(7)} ms  ${Math.ceil(length / 1024)} kB`);
  }
}
