/** One operation on the page. */
import { answers } from "./answers.ts";
import { curlOf, exampleOf } from "./curl.ts";
import { type Html, html } from "./html.ts";
import type { Model, Operation, Parameter } from "./model.ts";
import { breakable, code, paragraphs } from "./prose.ts";
import { fieldsOf, fieldTable, notes, typeOf } from "./schema.ts";

export function operationArticle(model: Model, operation: Operation): Html {
  const { method, path, security = [] } = operation;
  const call = html`<p class="call"><span class="method ${method.toLowerCase()}">${method}</span> <code>${breakable(path)}</code> ${access(security)}</p>`;
  return article(model, operation, call, code(curlOf(operation)));
}

/** What others are sent: it has no path, and no command. */
export function webhookArticle(model: Model, webhook: Operation): Html {
  const { method } = webhook;
  const call = html`<p class="call"><span class="method ${method.toLowerCase()}">${method}</span> to the agent's own URL</p>`;
  return article(model, webhook, call);
}

function article(model: Model, operation: Operation, call: Html, command?: Html): Html {
  const { operationId, summary, description, parameters = [] } = operation;
  return html`<article id="${operationId}">
<h3><a href="#${operationId}">${summary}</a></h3>
${call}
${paragraphs(description)}
${parameterTable(parameters)}
${body(operation, command === undefined ? 0 : 1)}
${command}
${answers(model, operation)}
</article>\n`;
}

function access(security: NonNullable<Operation["security"]>): Html {
  const [scope] = security[0]?.bearer ?? [];
  return html`<span class="scope">${scope === undefined ? "open to all" : html`scope <code>${scope}</code>`}</span>`;
}

const PLACES = { path: "in the path", query: "query", header: "header" } as const;

function parameterTable(all: readonly Parameter[]): Html | undefined {
  if (all.length === 0) return undefined;
  const rows = all.map(
    (one) => html`<tr><th scope="row"><code>${one.name}</code> <span class="mark">${PLACES[one.in]}</span></th>
<td>${typeOf(one.schema)}</td><td>${notes({ ...one.schema, description: one.description ?? "" })}</td></tr>\n`,
  );
  return html`<div class="table"><table><caption>Parameters</caption>
<thead><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** @param shown how many examples stand elsewhere */
function body({ requestBody }: Operation, shown: number): Html | undefined {
  const [media] = Object.values(requestBody?.content ?? {});
  const schema = media?.["x-lines"] ?? media?.schema;
  if (media === undefined || schema === undefined) return undefined;
  const examples = Object.entries(media.examples ?? {}).slice(shown);
  const fields = fieldsOf(schema);
  return html`<p>Body: ${typeOf(schema)}, as ${media["x-lines"] === undefined ? "JSON" : "one line of JSON each"}.</p>
${fields.length === 0 ? undefined : fieldTable(fields)}
${examples.map(([name, { value }]) => html`<details><summary>Example: ${name}</summary>${code(exampleOf(media, value))}</details>\n`)}`;
}
