/** `hopline watch`: a chain as it grows. A tree that redraws on a terminal, a line an event elsewhere. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { type Chain, type ChainItem, ConnectionFailure, type HopEvent, type Page } from "../client.ts";
import { EXIT, Failure, ProblemFailure } from "../failure.ts";
import { chainLine, eventLine, LiveTree } from "../live.ts";
import { action, path, type Session } from "../session.ts";
import { clipped, type Surroundings } from "../terminal.ts";

interface WatchOptions {
  readonly exitStatus?: boolean;
}

/** The server sends a comment every 15 s. */
const IDLE_MS = 45_000;
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 5_000, 5_000];
const REDRAW_MS = 100;
/** Open hops show how long they have been running. */
const TICK_MS = 1_000;

export function watchCommand(program: Command, around: Surroundings): void {
  program
    .command("watch [id]")
    .description("follow a chain until it ends; without an id, the one that started last and is running")
    .option("--exit-status", "end with 1 when the chain did not end well")
    .addHelpText(
      "after",
      `
On a terminal: a tree that redraws. Elsewhere: one line an event. With --json: one line an event, as the API sends it,
and the chain itself as the last one. A connection that breaks is taken up again where it broke, for half a minute.

Examples:
  hopline watch
  hopline watch 100091f5efa963e101ae28240e819789 --exit-status`,
    )
    .action(action(around, watch));
}

async function watch(session: Session, given: string | undefined, options: WatchOptions): Promise<void> {
  const id = given ?? (await newestRunning(session));
  const show = session.json ? jsonView(session) : session.around.stdout.isTTY ? treeView(session) : lineView(session);
  try {
    const chain = await follow(session, id, show);
    show.end(chain);
    if (options.exitStatus && chain.status !== "done") {
      throw new Failure(EXIT.refused, `The chain ended with status ${chain.status}.`);
    }
  } finally {
    show.close();
  }
}

async function newestRunning({ client }: Session): Promise<string> {
  const query = { status: "running", limit: 1 };
  const [newest] = (await client.json<Page<ChainItem>>(path("chains"), { query })).items;
  if (newest === undefined) throw new Failure(EXIT.refused, "No chain is running. Name one: hopline watch ID");
  return newest.chainId;
}

interface View {
  readonly hop: (data: string) => void;
  readonly lost: (failure: Failure) => void;
  readonly end: (chain: Chain) => void;
  readonly close: () => void;
}

/** Every event once, over as many connections as it takes. @returns the chain at its end */
async function follow(session: Session, id: string, view: View): Promise<Chain> {
  const { client, around } = session;
  let last: string | undefined;
  for (let failures = 0; ; ) {
    const headers = last === undefined ? {} : { "last-event-id": last };
    try {
      for await (const event of client.events(path("chains", id, "events"), { headers, idleMs: IDLE_MS })) {
        failures = 0;
        if (event.event === "chain") {
          if (session.json) session.print(event.data);
          return client.parsed<Chain>(event.data);
        }
        if (event.event !== "hop") continue;
        last = event.id ?? last;
        view.hop(event.data);
      }
      throw new ConnectionFailure(EXIT.unreachable, "The stream ended before its chain.");
    } catch (error) {
      const wait = RETRY_MS[failures];
      failures += 1;
      if (wait === undefined || !mayPass(error)) throw error;
      view.lost(error);
      await sleep(wait, undefined, { signal: around.interrupted }).catch(() => {
        throw new Failure(EXIT.interrupted, "Interrupted.");
      });
    }
  }
}

/** A connection that broke, or a server that is just coming up. */
function mayPass(error: unknown): error is Failure {
  return error instanceof ConnectionFailure || (error instanceof ProblemFailure && (error.problem.status ?? 0) >= 500);
}

function jsonView({ print, note }: Session): View {
  return { hop: (data) => print(data), lost: (failure) => note(lostLine(failure)), end: () => {}, close: () => {} };
}

function lineView({ client, print, note, ink, around }: Session): View {
  return {
    hop: (data) => print(eventLine(client.parsed<HopEvent>(data), ink)),
    lost: (failure) => note(lostLine(failure)),
    end: (chain) => print(chainLine(chain, around.now(), ink)),
    close: () => {},
  };
}

function lostLine({ message }: Failure): string {
  return `hopline: ${message.split("\n")[0]} Trying again …`;
}

const CURSOR = { hide: "\u001b[?25l", show: "\u001b[?25h" };
/** Line by line: a screen that is erased whole flickers, and is kept in the history by some terminals. */
const ERASE = { line: "\u001b[K", below: "\u001b[J" };
/** Without wrapping, a line of the tree is a line of the screen, however long it is. */
const WRAP = { off: "\u001b[?7l", on: "\u001b[?7h" };

function treeView({ client, around, ink }: Session): View {
  const { stdout, now } = around;
  const tree = new LiveTree();
  let drawnLines = 0;
  let nextDrawAt = 0;
  let status = "";
  const draw = (lines: readonly string[]): void => {
    const up = drawnLines > 0 ? `\u001b[${drawnLines}A` : "";
    const drawn = lines.map((line) => `${ERASE.line}${clipped(line, stdout.columns)}\n`).join("");
    stdout.write(`${CURSOR.hide}${WRAP.off}\r${up}${drawn}${ERASE.below}${WRAP.on}`);
    drawnLines = lines.length;
  };
  const redraw = (): void => {
    const beganAt = now();
    // The screen's last line is the cursor's.
    const lines = tree.lines({ now: now(), mostLines: Math.max(3, stdout.rows - 2), paint: ink });
    draw(status === "" ? lines : [...lines, ink("yellow", status)]);
    // The larger the chain, the seldomer: reading its events comes first.
    nextDrawAt = now() + Math.max(REDRAW_MS, 3 * (now() - beganAt));
  };
  const ticker = setInterval(redraw, TICK_MS);
  let soon: NodeJS.Timeout | undefined;
  return {
    hop: (data) => {
      status = "";
      tree.add(client.parsed<HopEvent>(data));
      soon ??= setTimeout(
        () => {
          soon = undefined;
          redraw();
        },
        Math.max(0, nextDrawAt - now()),
      );
    },
    lost: (failure) => {
      status = lostLine(failure);
      redraw();
    },
    end: (chain) => {
      const whole = tree.lines({ now: now(), mostLines: Number.POSITIVE_INFINITY, paint: ink });
      draw([]);
      stdout.write([...whole, chainLine(chain, now(), ink), ""].join("\n"));
    },
    close: () => {
      clearInterval(ticker);
      clearTimeout(soon);
      stdout.write(WRAP.on + CURSOR.show);
    },
  };
}
