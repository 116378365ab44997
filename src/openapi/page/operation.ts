/** One operation on the page. */
import { answers } from "./answers.ts";
import { curlOf } from "./curl.ts";
import { type Html, html } from "./html.ts";
import { jsonOf } from "./json.ts";
import type { Model, Operation, Parameter } from "./model.ts";
import { breakable, code, paragraphs } from "./prose.ts";
import { notes, typeOf } from "./schema.ts";

export function operationArticle(model: Model, operation: Operation): Html {
  const { operationId, method, path, summary, description } = operation;
  return html`<article id="${operationId}">
<h3><a href="#${operationId}">${summary}</a></h3>
<p class="call"><span class="method ${method.toLowerCase()}">${method}</span> <code>${breakable(path)}</code> ${access(operation)}</p>
${paragraphs(description)}
${parameters(operation.parameters ?? [])}
${body(operation)}
${code(curlOf(operation))}
${answers(model, operation)}
</article>\n`;
}

function access({ security }: Operation): Html {
  const [scope] = security[0]?.bearer ?? [];
  return html`<span class="scope">${scope === undefined ? "open to all" : html`scope <code>${scope}</code>`}</span>`;
}

const PLACES = { path: "in the path", query: "query", header: "header" } as const;

function parameters(all: readonly Parameter[]): Html | undefined {
  if (all.length === 0) return undefined;
  const rows = all.map(
    (one) => html`<tr><th scope="row"><code>${one.name}</code> <span class="mark">${PLACES[one.in]}</span></th>
<td>${typeOf(one.schema)}</td><td>${notes({ ...one.schema, description: one.description ?? "" })}</td></tr>\n`,
  );
  return html`<div class="table"><table><caption>Parameters</caption>
<thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function body({ requestBody }: Operation): Html | undefined {
  const media = requestBody?.content["application/json"];
  if (media?.schema === undefined) return undefined;
  const examples = Object.entries(media.examples ?? {}).slice(1);
  return html`<p>Body: ${typeOf(media.schema)}, as JSON.</p>
${examples.map(([name, { value }]) => html`<details><summary>Example: ${name}</summary>${code(jsonOf(value))}</details>\n`)}`;
}
