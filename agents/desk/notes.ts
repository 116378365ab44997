/** What the reader of a report should know of how it came about. */
import type { Reviewed } from "./review.ts";
import type { DeskOutput, LeftOut } from "./schema.ts";

const WITHOUT: Readonly<Record<string, string>> = {
  ranker: "The passages are ordered by how many words of the question they have.",
  summarizer: "The sentences were picked by how many words of the question they have.",
  critic: "The claims are unchecked: each is a sentence of its quote as it stands there.",
};

export function notesOf(
  read: DeskOutput["read"],
  { check }: Pick<Reviewed, "check">,
  leftOut: readonly LeftOut[],
): string[] {
  const notes = [`Read: ${counted(read.passages, "passage")} of ${counted(read.sources, "source")}.`];
  if (check !== null) notes.push(checkNote(check));
  for (const { what, names, code, detail } of together(leftOut)) {
    const without = what === "step" ? WITHOUT[names.join()] : undefined;
    notes.push(`Left out: ${names.join(", ")} (${code}). ${detail}${without === undefined ? "" : ` ${without}`}`);
  }
  for (const source of read.truncated) notes.push(`Of ${source} only the beginning was read.`);
  return notes;
}

/** What was left out for one and the same reason is told once. */
export function together(
  leftOut: readonly LeftOut[],
): readonly (Omit<LeftOut, "name"> & { readonly names: readonly string[] })[] {
  const groups = Map.groupBy(leftOut, ({ what, code, detail }) => JSON.stringify([what, code, detail]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ ...first, names: group.map(({ name }) => name) }];
  });
}

function checkNote({ claims, sentBack, unbacked }: NonNullable<Reviewed["check"]>): string {
  const back = sentBack === 0 ? "" : ` ${sentBack} ${sentBack === 1 ? "was" : "were"} sent back to be put right.`;
  const gone =
    unbacked === 0
      ? ""
      : ` ${unbacked} ${unbacked === 1 ? "is" : "are"} left out: no quote backs ${unbacked === 1 ? "it" : "them"}.`;
  return `Checked: ${counted(claims, "claim")} against the quotes.${back}${gone}`;
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
