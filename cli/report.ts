/** A failure → what stderr says about it. */

import { type Paint, visibleLines } from "../mesh/chain/render/terminal.ts";
import { visible } from "../mesh/chain/render/text.ts";
import { grouped } from "../mesh/chain/render/words.ts";
import { EXIT, type Failure, type Problem, ProblemFailure } from "./failure.ts";

export function failureLines(failure: Failure, paint: Paint): string[] {
  if (failure instanceof ProblemFailure) return problemLines(failure.problem, paint);
  if (failure.message === "") return [];
  return [`${paint("red", "hopline:")} ${visibleLines(failure.message)}`];
}

/** The code, the sentence, and the evidence that the sentence may not hold. */
function problemLines(problem: Problem, paint: Paint): string[] {
  const { code, detail, title, path, dimension, limit, actual, errors, chainId, retryable } = problem;
  const lines = [`${paint("red", `⊘ ${visible(code)}`)}  ${visible(detail ?? title ?? "")}`];
  const say = (name: string, value: string) => lines.push(`  ${paint("dim", name.padEnd(5))}  ${visible(value)}`);
  if (path !== undefined) say("path", path.join(" → "));
  if (typeof limit === "number") {
    const unit = dimension === undefined ? "" : ` ${dimension}`;
    say(
      "limit",
      `${grouped(limit)}${unit}${typeof actual === "number" ? `; this call would make it ${grouped(actual)}` : ""}`,
    );
  }
  for (const error of errors ?? []) say("field", `${error.pointer}: ${error.detail}`);
  if (chainId !== undefined) say("chain", chainId);
  if (retryable) say("retry", "the same call may succeed later");
  return [...lines, ...keyHelp(problem)];
}

function keyHelp({ status }: Problem): string[] {
  if (status !== 401) return [];
  return ["A key comes from --key, HOPLINE_KEY, or the .hopline/ folder of a mesh that runs here (hopline --help)."];
}

export function problemDocument(failure: Failure): string | undefined {
  return failure instanceof ProblemFailure && failure.exitCode !== EXIT.usage ? failure.body : undefined;
}
