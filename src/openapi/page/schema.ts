/** Schemas as tables: a row a field, with its type, its bounds and what it means. */
import { type Html, html } from "./html.ts";
import { type JsonSchema, nameOf } from "./model.ts";
import { inline } from "./prose.ts";

/** A type in few words, with a link where it has a name. */
export function typeOf(schema: JsonSchema): Html {
  if (schema.$ref !== undefined) {
    const name = nameOf(schema.$ref);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum !== undefined) return joined(schema.enum.map((value) => html`<code>${JSON.stringify(value)}</code>`));
  const options = schema.oneOf ?? schema.anyOf;
  if (options !== undefined) return joined(options.map(typeOf));
  if (schema.type === "array") return html`list of ${typeOf(schema.items ?? {})}`;
  if (schema.type === "object" && schema.properties === undefined && typeof schema.additionalProperties === "object") {
    return html`object of ${typeOf(schema.additionalProperties)}`;
  }
  if (schema.type === "integer") return html`whole number`;
  const { type = "any JSON" } = schema;
  return html`${typeof type === "string" ? type : type.join(" or ")}`;
}

function joined(types: readonly Html[]): Html {
  return html`${types.map((type, place) => (place === 0 ? type : html` or ${type}`))}`;
}

/** A longer pattern explains nothing: the description has to. */
const PATTERN_CHARS = 40;

/** The bounds of a value, in words; nothing that the type says already. */
export function boundsOf(schema: JsonSchema): string[] {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern, format } = schema;
  return [
    range("", minimum, maximum),
    range(" characters", minLength, maxLength),
    range(" items", minItems, maxItems),
    format === undefined ? undefined : `a ${format.toUpperCase()}`,
    pattern === undefined || pattern.length > PATTERN_CHARS ? undefined : `matches \`${pattern}\``,
    schema.default === undefined ? undefined : `by default \`${JSON.stringify(schema.default)}\``,
  ].filter((bound) => bound !== undefined);
}

function range(unit: string, least: number | undefined, most: number | undefined): string | undefined {
  if (least !== undefined && most !== undefined) return `${grouped(least)} to ${grouped(most)}${unit}`;
  if (most !== undefined) return `at most ${grouped(most)}${unit}`;
  // Not below zero goes without saying.
  return least === undefined || least === 0 ? undefined : `at least ${grouped(least)}${unit}`;
}

function grouped(value: number): string {
  return value.toLocaleString("en");
}

export interface Field {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly required: boolean;
}

/** The fields of an object; those of an object within it with a dot between. */
export function fieldsOf(schema: JsonSchema, before = ""): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, part]) => {
    const name = before + key;
    const field = { name, schema: part, required: schema.required?.includes(key) ?? false };
    const within = part.type === "array" ? part.items : part;
    return [field, ...fieldsOf(within ?? {}, `${name}${part.type === "array" ? "[]" : ""}.`)];
  });
}

/** Which fields may be absent is marked. */
export function fieldTable(fields: readonly Field[]): Html {
  const rows = fields.map(({ name, schema, required }) => {
    const mark = required ? undefined : html` <span class="mark">optional</span>`;
    return html`<tr><th scope="row"><code>${name}</code>${mark}</th>
<td>${typeOf(schema)}</td><td>${notes(schema)}</td></tr>\n`;
  });
  return html`<div class="table"><table><thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>
<tbody>${rows}</tbody></table></div>\n`;
}

/** What a value means, and its bounds. */
export function notes(schema: JsonSchema): Html {
  const bounds = boundsOf(schema);
  const said = html`${inline(schema.description ?? "")}`;
  return bounds.length === 0 ? said : html`${said} <span class="bounds">${inline(sentence(bounds.join("; ")))}</span>`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** A schema of its own, under its name. */
export function schemaSection(name: string, schema: JsonSchema): Html {
  const fields = fieldsOf(schema);
  const options = schema.oneOf ?? [];
  const plain = fields.length === 0 && options.length === 0 ? html`<p>Type: ${typeOf(schema)}</p>` : undefined;
  return html`<section class="schema" id="schema-${name}"><h3>${name}</h3>
<p>${notes(schema)}</p>
${plain}${fields.length === 0 ? undefined : fieldTable(fields)}
${options.map((option, place) => html`<p class="option">${place === 0 ? "Either" : "Or"} ${notes(option)}</p>${fieldTable(fieldsOf(option))}`)}
</section>\n`;
}
