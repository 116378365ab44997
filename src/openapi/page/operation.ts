/** One operation on the page. */
import { curlOf, jsonOf } from "./curl.ts";
import { type Html, html } from "./html.ts";
import { type Answer, answerOf, type Model, nameOf, type Operation, type Parameter } from "./model.ts";
import { breakable, inline, paragraphs } from "./prose.ts";
import { fieldTable, notes, typeOf } from "./schema.ts";

export function operationArticle(model: Model, operation: Operation): Html {
  const { operationId, method, path, summary, description } = operation;
  return html`<article id="${operationId}">
<h3><a href="#${operationId}">${summary}</a></h3>
<p class="call"><span class="method ${method.toLowerCase()}">${method}</span> <code>${breakable(path)}</code> ${access(operation)}</p>
${paragraphs(description)}
${parameters(operation.parameters ?? [])}
${body(operation)}
<pre class="curl" tabindex="0"><code>${curlOf(operation)}</code></pre>
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
${examples.map(([name, { value }]) => html`<details><summary>Example: ${name}</summary><pre tabindex="0"><code>${jsonOf(value)}</code></pre></details>\n`)}`;
}

function answers(model: Model, { responses }: Operation): Html {
  const all = Object.entries(responses).map(([status, answer]) => [status, answerOf(model, answer)] as const);
  const good = all.filter(([status]) => status < "4");
  const bad = all.filter(([status]) => status >= "4");
  return html`${good.map(([status, answer]) => success(status, answer))}
<details><summary>${bad.length} ways to be refused</summary>
<div class="table"><table><thead><tr><th scope="col">Status</th><th scope="col">Codes, each a <a href="#schema-Problem">Problem</a></th><th scope="col">Header fields</th></tr></thead>
<tbody>${bad.map(([status, answer]) => problem(status, answer))}</tbody></table></div></details>`;
}

function success(status: string, { description, content = {}, headers = {} }: Answer): Html {
  const kinds = Object.entries(content).map(([type, { schema, example }]) => {
    const shape =
      schema?.$ref === undefined
        ? undefined
        : html`: <a href="#schema-${nameOf(schema.$ref)}">${nameOf(schema.$ref)}</a>`;
    const inlined =
      schema?.properties === undefined ? undefined : fieldTable(fields(schema.properties, schema.required));
    const text =
      typeof example === "string" ? example : example === undefined ? undefined : JSON.stringify(example, null, 2);
    const shown =
      text === undefined
        ? undefined
        : html`<details><summary>Example</summary><pre tabindex="0"><code>${text}</code></pre></details>`;
    return html`<li><code>${type}</code>${shape}${inlined}${shown}</li>\n`;
  });
  const names = Object.keys(headers);
  const carried =
    names.length === 0
      ? undefined
      : html` With ${names.map((name, place) => html`${place === 0 ? "" : ", "}<code>${name}</code>`)}.`;
  return html`<div class="answer"><p><span class="status">${status}</span> ${inline(description)}${carried}</p>
${kinds.length === 0 ? undefined : html`<ul>${kinds}</ul>`}</div>\n`;
}

function fields(properties: Readonly<Record<string, object>>, required: readonly string[] = []) {
  return Object.entries(properties).map(([name, schema]) => ({ name, schema, required: required.includes(name) }));
}

function problem(status: string, { description, headers = {} }: Answer): Html {
  const names = Object.keys(headers);
  return html`<tr><th scope="row"><span class="status">${status}</span></th><td>${inline(description)}</td>
<td>${names.map((name, place) => html`${place === 0 ? "" : ", "}<code>${name}</code>`)}</td></tr>\n`;
}
