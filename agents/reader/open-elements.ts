/** Which elements are open where the tokenizer stands, and what that says about the text there. */
import { FOREIGN, HEADING, PREFORMATTED, SKIPPED, VOID } from "./elements.ts";

/** What an element can make of the text inside of it. */
type Role = "skipped" | "heading" | "preformatted" | "foreign" | "title";

interface OpenElement {
  readonly name: string;
  readonly roles: readonly Role[];
}

/**
 * A closing tag closes what is open inside of its element; one that closes nothing is ignored. Every element is
 * pushed and popped once, and the counts say without a search whether it is open: linear in any nesting.
 */
export class OpenElements {
  private readonly open: OpenElement[] = [];
  private readonly names = new Map<string, number>();
  private readonly roles: Record<Role, number> = { skipped: 0, heading: 0, preformatted: 0, foreign: 0, title: 0 };

  isIn(role: Role): boolean {
    return this.roles[role] > 0;
  }

  push(name: string, isHidden: boolean): void {
    if (VOID.has(name)) return;
    const roles = this.rolesOf(name, isHidden);
    this.open.push({ name, roles });
    this.names.set(name, (this.names.get(name) ?? 0) + 1);
    for (const role of roles) this.roles[role] += 1;
  }

  close(name: string): void {
    if ((this.names.get(name) ?? 0) === 0) return;
    for (let element = this.open.pop(); element; element = this.open.pop()) {
      this.names.set(element.name, (this.names.get(element.name) ?? 0) - 1);
      for (const role of element.roles) this.roles[role] -= 1;
      if (element.name === name) return;
    }
  }

  private rolesOf(name: string, isHidden: boolean): readonly Role[] {
    const roles: Role[] = [];
    if (isHidden || SKIPPED.has(name)) roles.push("skipped");
    if (HEADING.has(name)) roles.push("heading");
    if (PREFORMATTED.has(name)) roles.push("preformatted");
    if (FOREIGN.has(name)) roles.push("foreign");
    if (name === "title") roles.push("title");
    return roles;
  }
}
