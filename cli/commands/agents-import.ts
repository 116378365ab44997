/** `hopline agents import`: registers an agent for each line of a file, however many there are. */
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { visible } from "../../mesh/chain/render/text.ts";
import { grouped } from "../../mesh/chain/render/words.ts";
import { EXIT, Failure, type Problem, usage } from "../failure.ts";
import { path, type Session } from "../session.ts";

/** What one request takes in: below the mesh's own bounds (POST /v1/agents:batch). */
const LINES = 50_000;
const BYTES = 64 * 2 ** 20;
/** How often a terminal is told how far it is, in lines. */
const TOLD = 500;
/** Refused lines that are shown one by one; all are counted. */
const SHOWN = 20;

type Outcome = "registered" | "replaced" | "unchanged" | "refused";
interface Result {
  readonly line: number;
  readonly name?: string;
  readonly outcome: Outcome;
  readonly problem?: Problem;
}

export async function importAgents(
  session: Session,
  source: string,
  options: { readonly replace?: boolean },
): Promise<void> {
  const lines = await linesOf(session, source);
  const tally = new Tally(session);
  // Lines that earlier requests have taken: the mesh counts those of its own.
  for (let before = 0, more = true; more; ) {
    const part = new Part(lines);
    const query = { replace: options.replace ? "true" : undefined };
    for await (const text of session.client.lines(`${path("agents")}:batch`, { query, lines: part })) {
      tally.add(before, session.client.parsed<Result>(text));
    }
    before += part.taken;
    more = !part.last;
  }
  tally.end();
}

async function linesOf({ around }: Session, source: string): Promise<AsyncIterator<string>> {
  if (source === "-") return Readable.from((await around.readStdin()).split("\n"))[Symbol.asyncIterator]();
  try {
    return (await open(resolve(around.cwd, source))).readLines()[Symbol.asyncIterator]();
  } catch (error) {
    throw usage(`${source} can't be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

/** As many lines as one request takes. */
class Part {
  readonly #lines: AsyncIterator<string>;
  taken = 0;
  last = false;

  constructor(lines: AsyncIterator<string>) {
    this.#lines = lines;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    for (let bytes = 0; this.taken < LINES && bytes < BYTES; this.taken++) {
      const { value, done } = await this.#lines.next();
      if (done) {
        this.last = true;
        return;
      }
      bytes += Buffer.byteLength(value) + 1;
      yield `${value}\n`;
    }
  }
}

class Tally {
  readonly #session: Session;
  readonly #counts: Record<Outcome, number> = { registered: 0, replaced: 0, unchanged: 0, refused: 0 };
  #all = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  add(before: number, result: Result): void {
    const { json, around } = this.#session;
    const line = before + result.line;
    this.#counts[result.outcome] += 1;
    this.#all += 1;
    if (json) return this.#session.print(JSON.stringify({ ...result, line }));
    if (result.outcome === "refused" && this.#counts.refused <= SHOWN) this.#refused(line, result);
    if (around.stderr.isTTY && this.#all % TOLD === 0) around.stderr.write(`\r${grouped(this.#all)} lines`);
  }

  #refused(line: number, { name, problem }: Result): void {
    const { note, inkErr } = this.#session;
    const who = name === undefined ? "" : ` ${visible(name)}`;
    const why = visible(problem?.detail ?? problem?.title ?? "");
    note(`${inkErr("red", `⊘ ${visible(problem?.code ?? "refused")}`)}  line ${line}${who}: ${why}`);
  }

  /** @throws {Failure} when a line was refused */
  end(): void {
    const { json, print, note, ink, around } = this.#session;
    if (around.stderr.isTTY && this.#all >= TOLD) around.stderr.write("\r");
    const { refused } = this.#counts;
    if (refused > SHOWN && !json) note(`… and ${grouped(refused - SHOWN)} more (--json tells all)`);
    const counted = (["registered", "replaced", "unchanged", "refused"] as const)
      .filter((outcome) => this.#counts[outcome] > 0 || outcome === "registered")
      .map((outcome) => `${grouped(this.#counts[outcome])} ${outcome}`);
    const sign = refused === 0 ? ink("green", "✓ imported") : ink("yellow", "! imported");
    if (!json) print(`${sign}  ${counted.join(", ")}`);
    if (refused > 0) throw new Failure(EXIT.refused, "");
  }
}
