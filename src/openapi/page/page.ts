/** An OpenAPI document of ours as one HTML page: no script, nothing from elsewhere, every text escaped. */
import { Html, html } from "./html.ts";
import { type Model, modelOf, operationsOf, webhooksOf } from "./model.ts";
import { operationArticle, webhookArticle } from "./operation.ts";
import { code, inline, paragraphs } from "./prose.ts";
import { schemaSection } from "./schema.ts";
import { STYLE } from "./style.ts";

export function renderPage(document: object): string {
  const model = modelOf(document);
  const { title, version, description } = model.info;
  const contents = tableOfContents(model);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} API ${version}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<div class="layout">
<nav class="side" aria-label="Contents">${contents}</nav>
<main id="content">
<h1>${title} API</h1>
<p class="version">Version ${version}. For programs: <a href="/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<nav class="top" aria-label="Contents"><details><summary>Contents</summary>${contents}</details></nav>
${paragraphs(description)}
<p>The commands below take the address and a key from the environment:</p>
${code("export HOPLINE=http://127.0.0.1:8787 KEY=…")}
${model.tags.map((tag) => chapter(model, tag))}
${outgoing(model)}
${schemas(model)}
</main>
</div>
</body>
</html>
`;
  return page.text;
}

function tableOfContents(model: Model): Html {
  const chapters = model.tags.map(({ name }) => {
    const links = operationsOf(model, name).map(
      ({ operationId, summary }) => html`<li><a href="#${operationId}">${summary}</a></li>\n`,
    );
    return html`<h2>${name}</h2><ul>${links}</ul>\n`;
  });
  const sent = webhooksOf(model).map(
    ({ operationId, summary }) => html`<li><a href="#${operationId}">${summary}</a></li>\n`,
  );
  return html`${chapters}<h2>Your agents</h2><ul>${sent}</ul><h2>Schemas</h2><ul><li><a href="#schemas">All by name</a></li><li><a href="#schema-Problem">Problem</a></li></ul>`;
}

function chapter(model: Model, { name, description }: Model["tags"][number]): Html {
  return html`<section><h2>${name}</h2>
<p class="lead">${inline(description)}</p>
${operationsOf(model, name).map((operation) => operationArticle(model, operation))}
</section>\n`;
}

function outgoing(model: Model): Html {
  return html`<section><h2>Your agents</h2>
<p class="lead">The other direction: what the mesh sends.</p>
${webhooksOf(model).map((webhook) => webhookArticle(model, webhook))}
</section>\n`;
}

function schemas({ components }: Model): Html {
  const sections = Object.entries(components.schemas)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, schema]) => schemaSection(name, schema));
  return html`<section id="schemas"><h2>Schemas</h2>
<p class="lead">Objects by name. They have no field that is not listed.</p>
${sections}</section>`;
}
