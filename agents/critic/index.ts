/** The agent `critic`: says which claims of a draft no quote backs, and may send these back to their writer, once. */
import { type AgentDefinition, defineAgent, type Hop, HopRejected, skill } from "../define.ts";
import { check } from "./check.ts";
import { CriticInput, CriticOutput, type Draft, type ReviseInput, ReviseOutput, type Verdict } from "./schema.ts";

export const critic: AgentDefinition = defineAgent({
  name: "critic",
  version: "1.0.0",
  description: "Checks that each claim of a draft is a quotation, or a shortened one, of the quotes that it cites.",
  skills: {
    check: skill({
      name: "Check a draft",
      description:
        "Names the claims that their quotes do not back; with `sendBack` the writer may put them right, once.",
      tags: ["citations", "quotes", "verification"],
      input: CriticInput,
      output: CriticOutput,
      examples: [
        {
          claims: [{ id: "a", text: "The mesh bounds every hop.", cites: [1] }],
          quotes: [{ n: 1, text: "The mesh admits, records and bounds every hop." }],
        },
      ],
      handler: review,
    }),
  },
});

async function review({ claims, quotes, sendBack }: CriticInput, hop: Hop): Promise<CriticOutput> {
  const first = check(claims, quotes);
  const wrong = first.filter(({ backed }) => !backed);
  if (wrong.length === 0 || sendBack === undefined) return resultOf(claims, first);
  try {
    const draft: ReviseInput = { claims: claims.flatMap((claim) => withReason(claim, wrong)), quotes };
    const revised = ReviseOutput.safeParse(await hop.call(sendBack.agent, draft, { skill: sendBack.skill }));
    if (!revised.success) return { ...resultOf(claims, first), refused: NO_REVISION };
    const byId = new Map(revised.data.claims.map((claim) => [claim.id, claim]));
    const isWrong = new Set(wrong.map(({ id }) => id));
    const standing = claims.flatMap((claim) => (isWrong.has(claim.id) ? (byId.get(claim.id) ?? []) : claim));
    const withdrawn = [...isWrong].filter((id) => !byId.has(id));
    // Checked again, and then it is over: what is unbacked now stays so.
    return { ...resultOf(standing, check(standing, quotes)), sentBack: [...wrong], withdrawn };
  } catch (error) {
    if (!(error instanceof HopRejected)) throw error;
    return { ...resultOf(claims, first), refused: { code: error.code, detail: error.message } };
  }
}

const NO_REVISION = { code: "upstream_error", detail: "What the writer sent back is no revision." };

function withReason(claim: Draft, wrong: readonly Verdict[]): ReviseInput["claims"] {
  const verdict = wrong.find(({ id }) => id === claim.id);
  return verdict === undefined ? [] : [{ ...claim, why: verdict.why ?? "" }];
}

function resultOf(claims: readonly Draft[], verdicts: readonly Verdict[]): CriticOutput {
  const unbacked = verdicts.filter(({ backed }) => !backed).map(({ id }) => id);
  return { claims: [...claims], verdicts: [...verdicts], unbacked, sentBack: [], withdrawn: [], refused: null };
}
