/** `hopline invoke`: its output on stdout, everything about it on stderr. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { visibleLines } from "../../mesh/chain/render/terminal.ts";
import { visible } from "../../mesh/chain/render/text.ts";
import type { HopEvent, Invoked } from "../client.ts";
import { EXIT, Failure, ProblemFailure, problemIn, usage } from "../failure.ts";
import { eventLine, usedText } from "../live.ts";
import { action, path, printDocument, type Session } from "../session.ts";
import type { Surroundings } from "../terminal.ts";
import { bytes, count, dollars, milliseconds } from "../values.ts";

interface InvokeOptions {
  readonly hops?: number;
  readonly tokens?: number;
  readonly cost?: number;
  readonly wall?: number;
  readonly bytes?: number;
  readonly concurrency?: number;
  readonly skill?: string;
  readonly maxDepth?: number;
  readonly idempotencyKey?: string;
  readonly text?: boolean;
  readonly stream?: boolean;
}

export function invokeCommand(program: Command, around: Surroundings): void {
  program
    .command("invoke <agent> [input]")
    .description("call an agent; [input] is JSON, @file, or - for stdin (null when left out)")
    .option("--text", "the input is plain text, sent as a JSON string")
    .option("--skill <id>", "the skill to call")
    .option("--hops <n>", "budget: calls in the whole chain, this one included", count)
    .option("--tokens <n>", "budget: tokens that agents report", count)
    .option("--cost <dollars>", "budget: US dollars that agents report, such as 0.25", dollars)
    .option("--wall <duration>", "budget: time until the chain's deadline, such as 30s", milliseconds)
    .option("--bytes <size>", "budget: payload in and out, such as 10MB", bytes)
    .option("--concurrency <n>", "budget: hops open at once", count)
    .option("--max-depth <n>", "the longest path of calls, 1 to 12", count)
    .option("--idempotency-key <key>", "the same key never runs twice: the first answer comes again")
    .option(
      "--stream",
      "show hops on stderr and pieces of the output on stdout as they come; leaving cancels the chain",
    )
    .addHelpText(
      "after",
      `
The output is on stdout, pretty when it is JSON and bare when it is a string. A line on stderr says the chain's id and
what it used. With --json the API's answer is printed instead, and with --stream and --json one line an event:
{"event":"hop|chunk|result|problem","data":…}.

Examples:
  hopline invoke echo '{"a": 1}'
  hopline invoke echo --text 'hello'
  hopline invoke desk @question.json --hops 20 --cost 0.05 --wall 30s
  cat question.json | hopline invoke desk - --stream`,
    )
    .action(action(around, invoke));
}

async function invoke(
  session: Session,
  agent: string,
  given: string | undefined,
  options: InvokeOptions,
): Promise<void> {
  const { skill, idempotencyKey, maxDepth } = options;
  const budget = budgetOf(options);
  const call = {
    method: "POST",
    headers: idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey },
    body: {
      input: await inputOf(session, given, options.text ?? false),
      ...(skill === undefined ? {} : { skill }),
      ...(Object.keys(budget).length === 0 ? {} : { budget }),
      ...(maxDepth === undefined ? {} : { policy: { maxDepth } }),
    },
  };
  const to = path("agents", agent, "invoke");
  if (options.stream) return streamed(session, to, call);
  const body = await session.client.text(to, call).catch((error: unknown) => {
    if (error instanceof Failure && error.exitCode === EXIT.interrupted) {
      session.note("The chain goes on without you: hopline chains --status running, hopline cancel ID.");
    }
    throw error;
  });
  if (session.json) return printDocument(session, body);
  const invoked = session.client.parsed<Invoked>(body);
  printOutput(session, invoked.output);
  session.note(summary(session, invoked));
}

function budgetOf(options: InvokeOptions): Record<string, number> {
  const { hops, tokens, cost: costMicros, wall: wallMs, bytes: size, concurrency } = options;
  const set = Object.entries({ hops, tokens, costMicros, wallMs, bytes: size, concurrency });
  return Object.fromEntries(set.filter((entry): entry is [string, number] => entry[1] !== undefined));
}

/** @throws {Failure} usage */
async function inputOf({ around }: Session, given: string | undefined, isText: boolean): Promise<unknown> {
  if (given === undefined) return null;
  const file = given.startsWith("@") ? resolve(around.cwd, given.slice(1)) : undefined;
  const text = given === "-" ? await around.readStdin() : file === undefined ? given : await fileText(file);
  if (isText) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const what = given === "-" ? "stdin" : (file ?? "the input");
    throw usage(
      `${what} is not JSON: ${error instanceof Error ? error.message : String(error)}.\nWith --text it is sent as a string.`,
    );
  }
}

async function fileText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw usage(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

function printOutput(session: Session, output: unknown): void {
  printDocument(session, typeof output === "string" ? output : JSON.stringify(output, null, 2));
}

function summary({ inkErr }: Session, { chainId, usage: used }: Invoked): string {
  const { hops, tokens, costMicros, wallMs } = used;
  const text = `chain ${visible(chainId)}  ${usedText({ hops, tokens, costMicros, took: wallMs })}`;
  return `${inkErr("green", "✓ done")}  ${inkErr("dim", text)}`;
}

/** Hops and pieces as they come. An output that is the pieces put together is not printed again. */
async function streamed(session: Session, to: string, call: object): Promise<void> {
  const { around, json, inkErr } = session;
  const pieces: string[] = [];
  for await (const { event = "message", data } of session.client.events(to, call)) {
    const line = `{"event":${JSON.stringify(event)},"data":${data}}`;
    if (event === "problem") {
      throw new ProblemFailure(problemIn(data) ?? { code: "internal", detail: data }, json ? line : data);
    }
    if (json) {
      session.print(line);
    } else if (event === "hop") {
      session.note(eventLine(session.client.parsed<HopEvent>(data), inkErr));
    } else if (event === "chunk") {
      const chunk = session.client.parsed<unknown>(data);
      pieces.push(typeof chunk === "string" ? chunk : `${JSON.stringify(chunk)}\n`);
      printPiece(session, pieces.at(-1) ?? "");
    }
    if (event !== "result") continue;
    if (json) return;
    const invoked = session.client.parsed<Invoked>(data);
    const whole = pieces.join("");
    if (whole !== "" && !whole.endsWith("\n")) around.stdout.write("\n");
    if (whole === "" || whole !== invoked.output) printOutput(session, invoked.output);
    return session.note(summary(session, invoked));
  }
  throw new Failure(
    EXIT.unreachable,
    "The stream ended without a result: the chain was cancelled, or the mesh stopped.",
  );
}

function printPiece({ around: { stdout } }: Session, piece: string): void {
  stdout.write(stdout.isTTY ? visibleLines(piece) : piece);
}
