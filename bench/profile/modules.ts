/** What a bundle tells about its lines: esbuild names the source of each module in a comment before it. */

export interface Bundle {
  /** A path in the sources, such as `mesh/chain/chain.ts`, or a package's, such as `node_modules/hono/dist/hono.js`. */
  readonly moduleOf: (line: number) => string | undefined;
  /** Whether the function that begins there is a statement to the database: V8 counts what SQLite does as its own. */
  readonly isStatement: (line: number) => boolean;
}

/** How esbuild begins a module, and a CommonJS one. Where packages are linked, their paths begin elsewhere. */
const HEADS = [
  /^\/\/ (?:\S*?\/)?((?:node_modules|src|mesh|agents|bench)\/\S+\.[a-z]+)$/,
  /^\s+"(?:\S*?\/)?((?:node_modules|src|mesh|agents|bench)\/\S+\.[a-z]+)"\(exports/,
];

/** @param text the bundle's; lines count from 0, as in profiles */
export function readBundle(text: string): Bundle {
  const lines = text.split("\n");
  const paths: (string | undefined)[] = [];
  let path: string | undefined;
  for (const line of lines) {
    path = HEADS.map((head) => head.exec(line)?.[1]).find((found) => found !== undefined) ?? path;
    paths.push(path);
  }
  return {
    moduleOf: (line) => paths[line],
    isStatement: (line) => bodyAt(lines, line).some((one) => STATEMENT.test(one)),
  };
}

const STATEMENT = /sql\.exec\(/;

/** The lines of the function that begins at one: it ends at the first brace that is indented like it. */
function bodyAt(lines: readonly string[], begin: number): readonly string[] {
  const indent = /^ */.exec(lines[begin] ?? "")?.[0] ?? "";
  const length = lines.slice(begin + 1).findIndex((line) => line.startsWith(`${indent}}`));
  return lines.slice(begin, begin + 1 + Math.max(0, length));
}

/** Bytes of a bundle by what they come from: one name a package, and one a top folder of the sources; largest first. */
export function bytesByOrigin(bundle: string): readonly { readonly origin: string; readonly bytes: number }[] {
  const { moduleOf } = readBundle(bundle);
  const bytes = new Map<string, number>();
  for (const [line, text] of bundle.split("\n").entries()) {
    const origin = originOf(moduleOf(line));
    bytes.set(origin, (bytes.get(origin) ?? 0) + Buffer.byteLength(text) + 1);
  }
  return [...bytes].map(([origin, of]) => ({ origin, bytes: of })).toSorted((a, b) => b.bytes - a.bytes);
}

export function originOf(path: string | undefined): string {
  if (path === undefined) return "(bundler)";
  const inPackage = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
  return inPackage ?? path.split("/")[0] ?? path;
}
