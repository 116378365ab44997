/**
 * What an upstream says of its tools, held against what was approved. A tool's definition is read by models: one that is
 * changed after somebody had looked at it (the rug-pull attack) is flagged, and under `pin: strict` withheld. Pure.
 */

import type { JsonSchema, Skill } from "../schema.ts";
import type { ToolFacts } from "./facts.ts";

/** A tool as its server lists it now. */
export interface FoundTool {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema?: JsonSchema | undefined;
  readonly annotations?: Record<string, unknown> | undefined;
  /** SHA-256 of all that a model or a client may act on. */
  readonly digest: string;
  /** What the server wants of a client to show it the tool. */
  readonly needs?: ToolFacts["needs"];
  readonly taskSupport?: ToolFacts["taskSupport"];
}

/** A tool that a federated server has. */
export type ToolSkill = Skill & { readonly tool: ToolFacts };

/** Approved digests, by the tool's name. */
export type Pins = Readonly<Record<string, string>>;

function pinsOf(before: readonly Skill[], gone: Pins): Map<string, string> {
  const own = before.flatMap(({ id, tool }): [string, string][] => (tool === undefined ? [] : [[id, tool.approved]]));
  return new Map([...Object.entries(gone), ...own]);
}

/** Pins of tools that a server has no more: one that comes back changed is not a new one. The latest so many. */
const GONE = 500;

export function goneAfter(before: readonly Skill[], found: readonly FoundTool[], gone: Pins = {}): Pins {
  const pins = pinsOf(before, gone);
  for (const { name } of found) pins.delete(name);
  return Object.fromEntries([...pins].slice(-GONE));
}

/** The tools as they are now, each with the digest that is approved: the first one seen, or what an owner approved since. */
export function pinned(before: readonly Skill[], found: readonly FoundTool[], gone: Pins = {}): ToolSkill[] {
  const known = pinsOf(before, gone);
  return found.map(
    ({ name, title, description, inputSchema, outputSchema, annotations, digest, needs, taskSupport }) => ({
      id: name,
      ...(title === undefined ? {} : { name: title }),
      description,
      tags: [],
      inputSchema,
      outputSchema: {},
      examples: [],
      tool: {
        ...(outputSchema === undefined ? {} : { outputSchema }),
        ...(annotations === undefined ? {} : { annotations }),
        digest,
        approved: known.get(name) ?? digest,
        ...(needs === undefined ? {} : { needs }),
        ...(taskSupport === undefined ? {} : { taskSupport }),
      },
    }),
  );
}

/** Approves the present definition of tools: of those named, or of all. */
export function approved(skills: readonly Skill[], names: readonly string[] | undefined): Skill[] {
  return skills.map((skill) =>
    skill.tool === undefined || (names !== undefined && !names.includes(skill.id))
      ? skill
      : { ...skill, tool: { ...skill.tool, approved: skill.tool.digest } },
  );
}

export function hasChanged({ tool }: Skill): boolean {
  return tool !== undefined && tool.digest !== tool.approved;
}

/** Whether a tool may not be called or listed until somebody has approved it. */
export function isWithheld(skill: Skill, pin: "flag" | "strict"): boolean {
  return pin === "strict" && hasChanged(skill);
}
