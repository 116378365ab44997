/** `npm run bench:desk`: asks the held questions of a mesh, and writes how good the reports were to RESULTS-desk.md. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DeskOutput } from "../agents/desk/schema.ts";
import { type Server, startServer } from "../scripts/demo/server.ts";
import { heldQuestions, heldSources } from "./desk/held.ts";
import { AT, type HeldQuestion, type Judged, judge, type Summary, summaryOf } from "./desk/quality.ts";

const ROOT = join(import.meta.dirname, "..");

async function ask(server: Server, question: string): Promise<{ report: DeskOutput; wallMs: number }> {
  const body = { input: { question, sources: heldSources(), quotes: AT }, skill: "ask" };
  const response = await fetch(`${server.url}/v1/agents/desk/invoke`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as { output: unknown; usage: { wallMs: number } };
  if (!response.ok) throw new Error(`The desk failed: ${JSON.stringify(answer)}`);
  return { report: DeskOutput.parse(answer.output), wallMs: answer.usage.wallMs };
}

async function measured(server: Server, held: readonly HeldQuestion[]) {
  const judged: Judged[] = [];
  const times: number[] = [];
  let passages = 0;
  for (const one of held) {
    const { report, wallMs } = await ask(server, one.question);
    judged.push(judge(one, report));
    times.push(wallMs);
    passages = report.read.passages;
  }
  return { judged, passages, medianMs: times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0 };
}

function render({ judged, passages, medianMs }: Awaited<ReturnType<typeof measured>>, all: Summary): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const missed = judged.filter(({ rank }) => rank === undefined);
  return `# How good the desk's reports are

Written by \`npm run bench:desk\`: each question of [test/fixtures/desk/questions.json](../test/fixtures/desk/questions.json) asked of all texts
beside it (${heldSources().length} sources, ${passages} passages), of a started mesh.

| | |
| --- | --- |
| questions | ${all.questions} |
| recall@${AT}: the answering passage is among the first ${AT} quotes | ${percent(all.recall)} |
| mean reciprocal rank | ${all.reciprocalRank.toFixed(3)} |
| the answer stands in a claim, not only in a quote | ${percent(all.answered)} |
| claims in the reports | ${all.claims} |
| claims backed: every word stands, in its order, in a quote that the claim cites | ${percent(all.backed)} |
| claims that the critic sent back to the desk | ${all.sentBack} |
| median time of a report, on the machine that ran this | ${medianMs} ms |

Missed:${missed.length === 0 ? " none." : ""}

${missed.map(({ question }) => `- ${question}`).join("\n")}
`;
}

const server = await startServer(ROOT, process.env, new AbortController().signal);
try {
  const result = await measured(server, heldQuestions());
  const all = summaryOf(result.judged);
  const text = render(result, all);
  writeFileSync(join(import.meta.dirname, "RESULTS-desk.md"), `${text.trimEnd()}\n`);
  process.stdout.write(text);
} finally {
  await server.stop();
}
