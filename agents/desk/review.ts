/** Has the draft criticised. What no quote backs does not come into the report, whoever has said so. */
import { CriticOutput, type Verdict } from "../critic/schema.ts";
import type { Hop } from "../define.ts";
import { plainText } from "../language/plain.ts";
import { askAgent } from "./ask.ts";
import type { DraftSection } from "./draft.ts";
import type { DeskOutput, LeftOut, Quote, ReportClaim } from "./schema.ts";

export interface Reviewed {
  readonly sections: DeskOutput["sections"];
  readonly check: DeskOutput["check"];
  readonly leftOut: readonly LeftOut[];
}

export async function review(hop: Hop, sections: readonly DraftSection[], quotes: readonly Quote[]): Promise<Reviewed> {
  const claims = sections.flatMap((section) => section.claims);
  if (claims.length === 0) return { sections: withClaims(sections, new Map()), check: null, leftOut: [] };
  const answered = await askAgent(hop, {
    agent: "critic",
    input: {
      claims,
      quotes: quotes.map(({ n, text }) => ({ n, text })),
      // A loop, and an allowed one: the chain's rule for this agent is `progress`, and what comes back is another input.
      sendBack: { agent: hop.agent, skill: "revise" },
    },
    output: CriticOutput,
    what: "step",
    name: "critic",
  });
  if (!answered.ok) return { ...unchecked(sections), leftOut: [answered.missing] };
  const { claims: standing, verdicts, unbacked, sentBack, withdrawn, refused } = answered.value;
  const byId = new Map(verdicts.map((verdict) => [verdict.id, verdict]));
  const backed = new Map(
    standing.flatMap(({ id, text, cites }) => {
      const backing = backingOf(byId.get(id));
      return backing === undefined ? [] : [[id, { text, cites, backing }] as const];
    }),
  );
  return {
    sections: withClaims(sections, backed),
    check: { claims: claims.length, sentBack: sentBack.length, unbacked: unbacked.length + withdrawn.length },
    leftOut: refused === null ? [] : [{ what: "step", name: `${hop.agent}/revise`, ...refused }],
  };
}

function backingOf(verdict: Verdict | undefined): ReportClaim["backing"] | undefined {
  return verdict?.backed === true ? (verdict.how ?? undefined) : undefined;
}

/** Nobody has looked at what was shortened: the sentences stand as their sources have them. */
function unchecked(sections: readonly DraftSection[]): Omit<Reviewed, "leftOut"> {
  const whole = sections.flatMap(({ claims }) =>
    claims.map(({ id, sentence, cites }) => [id, { text: plainText(sentence), cites, backing: "unchecked" }] as const),
  );
  return { sections: withClaims(sections, new Map(whole)), check: null };
}

function withClaims(
  sections: readonly DraftSection[],
  claims: ReadonlyMap<string, ReportClaim>,
): DeskOutput["sections"] {
  return sections.map(({ question, claims: drafted }) => ({
    question,
    claims: drafted.flatMap(({ id }) => claims.get(id) ?? []),
  }));
}
