/** The agent `clerk`: writes a report down, as Markdown and as a page, with citations that lead to source and place. */
import { type AgentDefinition, defineAgent, skill } from "../define.ts";
import { renderHtml } from "./html.ts";
import { renderMarkdown } from "./markdown.ts";
import { ClerkInput, ClerkOutput } from "./schema.ts";

export const clerk: AgentDefinition = defineAgent({
  name: "clerk",
  version: "1.0.0",
  description: "Renders a report of claims and quotes as Markdown and as a safe HTML page, each citation a link.",
  idempotent: true,
  skills: {
    render: skill({
      name: "Render a report",
      description: "Gives Markdown and a whole HTML page; nothing that a source says becomes markup in either.",
      tags: ["report", "markdown", "html"],
      input: ClerkInput,
      output: ClerkOutput,
      examples: [
        {
          title: "What bounds a hop?",
          sections: [{ heading: "Bounds", claims: [{ text: "The mesh bounds every hop.", cites: [1] }] }],
          quotes: [{ n: 1, text: "The mesh bounds every hop.", source: "notes.md", line: 3 }],
        },
      ],
      handler: (report) => ({ markdown: renderMarkdown(report), html: renderHtml(report) }),
    }),
  },
});
