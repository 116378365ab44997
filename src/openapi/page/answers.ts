/** The answers of an operation on the page: successes in full, refusals as a table of codes. */
import { type Html, html } from "./html.ts";
import { jsonOf } from "./json.ts";
import { type Answer, answerOf, type Media, type Model, type Operation } from "./model.ts";
import { code, inline } from "./prose.ts";
import { fieldsOf, fieldTable, typeOf } from "./schema.ts";

export function answers(model: Model, { responses }: Operation): Html {
  const all = Object.entries(responses).map(([status, answer]) => [status, answerOf(model, answer)] as const);
  const good = all.filter(([status]) => status < "4");
  const bad = all.filter(([status]) => status >= "4" && status !== "default");
  const rest = all.filter(([status]) => status === "default");
  const table = html`<details><summary>Refusals: ${bad.map(([status]) => status).join(", ")}</summary>
<div class="table"><table><thead><tr><th scope="col">Status</th><th scope="col">Codes, each a <a href="#schema-Problem">Problem</a></th><th scope="col">Header fields</th></tr></thead>
<tbody>${bad.map(([status, answer]) => refusal(status, answer))}</tbody></table></div></details>`;
  return html`${good.map(([status, answer]) => success(status, answer))}
${rest.map(([, { description }]) => html`<p>${inline(description)}</p>`)}
${bad.length === 0 ? undefined : table}`;
}

function success(status: string, { description, content = {}, headers = {} }: Answer): Html {
  const kinds = Object.entries(content).map(([type, one]) => html`<li>${media(type, one)}</li>\n`);
  const names = Object.keys(headers);
  const carried = names.length === 0 ? undefined : html` Header fields: ${listed(names)}.`;
  return html`<div class="answer"><p><span class="status">${status}</span> ${inline(description)}${carried}</p>
${kinds.length === 0 ? undefined : html`<ul>${kinds}</ul>`}</div>\n`;
}

function media(type: string, { schema = {}, example, "x-events": events, "x-lines": line }: Media): Html {
  const fields = fieldsOf(schema);
  const named =
    line !== undefined
      ? html`: each line ${typeOf(line)}`
      : schema.$ref === undefined
        ? undefined
        : html`: ${typeOf(schema)}`;
  const said = schema.description === undefined ? undefined : html`: ${inline(schema.description)}`;
  const told =
    events &&
    html`: ${Object.entries(events).map(([event, data], place) => html`${place === 0 ? "" : ", "}<code>${event}</code> with ${typeOf(data)}`)}`;
  const shown = example === undefined ? undefined : typeof example === "string" ? example : jsonOf(example);
  return html`<code>${type}</code>${named}${said}${told}${fields.length === 0 ? undefined : fieldTable(fields)}
${shown === undefined ? undefined : html`<details><summary>Example</summary>${code(shown)}</details>`}`;
}

function refusal(status: string, { description, headers = {} }: Answer): Html {
  return html`<tr><th scope="row"><span class="status">${status}</span></th><td>${inline(description)}</td>
<td>${listed(Object.keys(headers))}</td></tr>\n`;
}

function listed(names: readonly string[]): Html {
  return html`${names.map((name, place) => html`${place === 0 ? "" : ", "}<code>${name}</code>`)}`;
}
