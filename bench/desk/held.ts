/** The held set: public-domain texts, and questions with the passages that answer them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { HeldQuestion } from "./quality.ts";

const FOLDER = join(import.meta.dirname, "../../test/fixtures/desk");
const OTHERS = new Set(["questions.json", "README.md"]);

export function heldSources(): readonly { readonly source: string; readonly base64: string }[] {
  const names = readdirSync(FOLDER).filter((name) => !OTHERS.has(name));
  return names.sort().map((source) => ({ source, base64: readFileSync(join(FOLDER, source)).toString("base64") }));
}

export function heldQuestions(): readonly HeldQuestion[] {
  return JSON.parse(readFileSync(join(FOLDER, "questions.json"), "utf8")) as HeldQuestion[];
}
