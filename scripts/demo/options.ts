/** What the user asks of the demo. */
import { parseArgs } from "node:util";
import { DemoError } from "./server.ts";

export const HELP = `Usage: npm run demo -- [OPTION…] ["QUESTION" [FILE or URL…]]

Has a question answered from files by the agents of the mesh: desk plans, reader reads, ranker ranks, summarizer picks
sentences, critic checks them against the quotes, clerk writes the report. Text, Markdown, HTML, CSV and PDF are read.
Without files: this repository's README.md and docs/*.md.

  --budget D=N[,…]  limits of the chain: hops, tokens, costMicros, bytes, concurrency, wallMs; try --budget hops=6
  --rogue           adds three readers that behave badly: one loops, one fans out without end, one hangs
  --quotes N        quote at most this many passages, 1 to 20 (5)
  --html FILE       writes the report as a page
  --markdown FILE   writes the report as Markdown
  --quiet           does not show the hops as they come
  --help            show this

  HOPLINE_URL, HOPLINE_KEY   the mesh to use, and a key of it (HOPLINE_ADMIN_KEY does, too)
  HOPLINE_DATA               the data folder of a mesh that runs here (.hopline)

If no mesh runs, one is started on a temporary data folder, and stopped at the end.
`;

const QUESTION = "What does the cycle rule forbid, and how is a lost hop charged?";

const DIMENSIONS = ["hops", "tokens", "costMicros", "bytes", "concurrency", "wallMs"] as const;

export class UsageError extends DemoError {}

export interface Options {
  readonly question: string;
  /** The repository's own documents when empty. */
  readonly files: readonly string[];
  readonly quotes: number | undefined;
  readonly budget: Readonly<Record<string, number>>;
  readonly rogue: boolean;
  readonly quiet: boolean;
  /** Files to write. */
  readonly html: string | undefined;
  readonly markdown: string | undefined;
}

/** @returns nothing when help is wanted @throws {UsageError} */
export function readOptions(): Options | undefined {
  const { values, positionals } = parsed();
  if (values.help) return undefined;
  const [question = QUESTION, ...files] = positionals;
  const { rogue = false, quiet = false, html, markdown, quotes } = values;
  return {
    question,
    files,
    rogue,
    quiet,
    html,
    markdown,
    quotes: quotes === undefined ? undefined : whole("--quotes", quotes),
    budget: Object.fromEntries((values.budget ?? []).flatMap((list) => list.split(",")).map(limit)),
  };
}

/** `parseArgs` throws a TypeError for an option that it does not know. */
function parsed() {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { ...flag, short: "h" },
        budget: { ...text, multiple: true },
        rogue: flag,
        quiet: flag,
        quotes: text,
        html: text,
        markdown: text,
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\nTry: npm run demo -- --help`);
  }
}

function limit(part: string): readonly [string, number] {
  const [, name = "", amount = ""] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
  const dimension = DIMENSIONS.find((one) => one.toLowerCase() === name.toLowerCase());
  if (dimension !== undefined) return [dimension, whole(`--budget ${dimension}`, amount)];
  throw new UsageError(
    `--budget takes DIMENSION=N, such as hops=6; '${part}' is none. It knows: ${DIMENSIONS.join(", ")}.`,
  );
}

function whole(option: string, value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new UsageError(`${option} takes a whole number; '${value}' is none.`);
  return Number(value);
}
