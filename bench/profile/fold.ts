/** A CPU profile folded: how long the thread was in each function itself, and in each area of the product. */
import type { CallFrame, CpuProfile, ProfileNode } from "./inspector.ts";
import { type Bundle, originOf } from "./modules.ts";

export interface Share {
  readonly name: string;
  readonly micros: number;
}

export interface Folded {
  /** Everything but idling, in microseconds. */
  readonly busy: number;
  readonly idle: number;
  /** Largest first. */
  readonly areas: readonly Share[];
  readonly functions: readonly Share[];
}

const IDLE = "(idle)";
const SQL = "SQL statements";
const RPC = "RPC calls";

/** Functions that V8 gives to what is none, and those of the runtime itself: V8 counts what happens in them as theirs. */
const NAMED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    "garbage collection": ["(garbage collector)"],
    "runtime: event loop, HTTP, RPC, commits": ["(program)", "(root)"],
    [SQL]: ["exec", "next", "one", "toArray", "raw", "transactionSync", "getAlarm", "setAlarm"],
    crypto: ["sign", "verify", "digest", "importKey", "getRandomValues", "randomUUID", "timingSafeEqual"],
    JSON: ["stringify", "parse"],
    "text and bytes": ["encode", "encodeInto", "decode", "TextDecoder", "TextEncoder", "atob", "btoa", "set", "toHex"],
    timers: ["setTimeout", "clearTimeout", "wait", "waitUntil", "AbortController", "abort", "any", "timeout"],
    "HTTP objects": [
      "fetch",
      "Request",
      "Response",
      "Headers",
      "URL",
      "text",
      "json",
      "arrayBuffer",
      "getReader",
      "read",
    ],
    // A method of a stub has no name.
    [RPC]: ["", "getByName", "idFromName"],
  }).flatMap(([area, names]) => names.map((name) => [name, area] as const)),
);

/** Sources, by the longest prefix of their path. */
const AREAS = Object.entries({
  "mesh/chain": "ledger: rules, purses, rows",
  "mesh/hop": "dispatcher: admit, call, settle",
  "mesh/transport": "dispatcher: admit, call, settle",
  "mesh/egress": "egress: calls of http agents",
  "mesh/identity": "keys and tokens",
  "mesh/registry": "registry",
  "mesh/index": "index of the mesh",
  mesh: "mesh, other",
  src: "HTTP surface",
  agents: "agents",
  bench: "agents",
  "node_modules/hono": "router (hono)",
  "node_modules/zod": "schemas (zod)",
  "node_modules/jose": "crypto",
  "node_modules/@noble": "crypto",
});

export function areaOfPath(path: string): string {
  const at = path.slice(Math.max(0, path.lastIndexOf("node_modules/")));
  const found = AREAS.filter(([prefix]) => at === prefix || at.startsWith(`${prefix}/`));
  const longest = found.toSorted(([a], [b]) => b.length - a.length)[0];
  return longest?.[1] ?? `other: ${originOf(path)}`;
}

interface Place {
  readonly name: string;
  readonly area: string;
}

const nameOf = ({ functionName }: CallFrame) => functionName || "(anonymous)";

/** A bundle has a file's name; the runtime's own JavaScript, such as its timers, has a scheme. */
const sourceOf = ({ url, lineNumber }: CallFrame, { moduleOf }: Bundle) =>
  url.includes(":") ? url : (moduleOf(lineNumber) ?? "(bundler)");

const RUNTIME_SOURCE = /^(?:node|node-internal|cloudflare|cloudflare-internal|workerd):/;

/** @param caller the nearest JavaScript below it on the stack: what the runtime's own functions do, they do for it */
function placeOf(frame: CallFrame, caller: CallFrame | undefined, bundle: Bundle): Place {
  const { functionName, lineNumber } = frame;
  if (lineNumber >= 0) {
    const source = sourceOf(frame, bundle);
    const own = RUNTIME_SOURCE.test(source);
    const statement = !own && bundle.isStatement(lineNumber);
    const area = own ? `runtime's JavaScript: ${source}` : areaOfPath(source);
    return { name: `${nameOf(frame)}  ${source}`, area: statement ? SQL : area };
  }
  const by = caller === undefined ? "" : ` < ${nameOf(caller)}  ${sourceOf(caller, bundle)}`;
  const name = functionName.startsWith("(") ? functionName : `[${functionName || "rpc"}]${by}`;
  return { name, area: NAMED.get(functionName) ?? "runtime functions, other" };
}

export function fold(profile: CpuProfile, bundle: Bundle): Folded {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map<number, ProfileNode>();
  for (const node of profile.nodes) for (const child of node.children ?? []) parents.set(child, node);
  const callerOf = (id: number): CallFrame | undefined => {
    for (let at = parents.get(id); at !== undefined; at = parents.get(at.id))
      if (at.callFrame.lineNumber >= 0) return at.callFrame;
    return undefined;
  };
  const micros = new Map<number, number>();
  for (const [place, id] of profile.samples.entries())
    micros.set(id, (micros.get(id) ?? 0) + (profile.timeDeltas[place] ?? 0));
  const areas = new Map<string, number>();
  const functions = new Map<string, number>();
  let [busy, idle] = [0, 0];
  for (const [id, { callFrame }] of nodes) {
    const own = micros.get(id) ?? 0;
    if (callFrame.functionName === IDLE) idle += own;
    else {
      const { name, area } = placeOf(callFrame, callerOf(id), bundle);
      busy += own;
      areas.set(area, (areas.get(area) ?? 0) + own);
      functions.set(name, (functions.get(name) ?? 0) + own);
    }
  }
  return { busy, idle, areas: largestFirst(areas), functions: largestFirst(functions) };
}

function largestFirst(micros: ReadonlyMap<string, number>): Share[] {
  return [...micros].map(([name, of]) => ({ name, micros: of })).toSorted((a, b) => b.micros - a.micros);
}
