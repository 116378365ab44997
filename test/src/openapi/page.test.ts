import { Parser } from "htmlparser2";
import { describe, expect, it } from "vitest";
import { curlOf } from "../../../src/openapi/page/curl.ts";
import { escapeHtml, html } from "../../../src/openapi/page/html.ts";
import { jsonOf } from "../../../src/openapi/page/json.ts";
import { operationsOf } from "../../../src/openapi/page/model.ts";
import { renderPage } from "../../../src/openapi/page/page.ts";
import { inline } from "../../../src/openapi/page/prose.ts";
import { boundsOf, fieldsOf, typeOf } from "../../../src/openapi/page/schema.ts";

const HOSTILE = `<script>alert('x')</script>"><img src=x onerror=alert(1)> & \`<b>\` **<i>**`;

/** A document in which every text does harm. */
const hostile = {
  info: { title: HOSTILE, version: HOSTILE, description: HOSTILE },
  tags: [{ name: "Tag", description: HOSTILE }],
  paths: {
    [`/${HOSTILE}/{name}`]: {
      post: {
        operationId: HOSTILE,
        tags: ["Tag"],
        summary: HOSTILE,
        description: HOSTILE,
        security: [{ bearer: [HOSTILE] }],
        parameters: [
          {
            in: "path",
            name: HOSTILE,
            description: HOSTILE,
            schema: { type: "string", pattern: "<b>", default: HOSTILE },
          },
        ],
        requestBody: {
          content: {
            "application/json": {
              schema: { $ref: `#/components/schemas/${HOSTILE}` },
              examples: { first: { value: { x: HOSTILE } }, [HOSTILE]: { value: HOSTILE } },
            },
          },
        },
        responses: {
          "200": {
            description: HOSTILE,
            headers: { [HOSTILE]: {} },
            content: { [HOSTILE]: { schema: { type: HOSTILE }, example: HOSTILE, "x-events": { [HOSTILE]: {} } } },
          },
          "400": { description: HOSTILE, headers: { [HOSTILE]: {} } },
        },
      },
    },
  },
  components: {
    responses: {},
    schemas: {
      [HOSTILE]: { description: HOSTILE, properties: { [HOSTILE]: { enum: [HOSTILE], description: HOSTILE } } },
    },
  },
};

describe("the page of the API", () => {
  it("escapes whatever the document says, in texts and in attributes", () => {
    const page = renderPage(hostile);
    const [elements, attributes] = [new Set<string>(), new Set<string>()];
    const parser = new Parser({
      onopentagname: (name) => elements.add(name),
      onattribute: (name) => attributes.add(name),
    });
    parser.end(page);
    for (const name of ["script", "img", "b", "i", "title"]) expect(elements.has(name), name).toBe(name === "title");
    expect([...attributes].toSorted()).toEqual(
      ["aria-label", "charset", "class", "content", "href", "id", "lang", "name", "scope", "tabindex"].toSorted(),
    );
    expect(page).toContain(escapeHtml("<script>alert('x')</script>"));
  });

  it("puts nothing into HTML unescaped but HTML", () => {
    expect(html`<a title="${'"'}">${["<", html`<b>${"&"}</b>`, 1]}${undefined}</a>`.text).toBe(
      '<a title="&quot;">&lt;<b>&amp;</b>1</a>',
    );
  });

  it("shows code and strong words of a description, and leaves a lone mark as it is", () => {
    expect(html`${inline("Send `a<b` **now**, 2 * 3 ` 4")}`.text).toBe(
      "Send <code>a&lt;b</code> <strong>now</strong>, 2 * 3 ` 4",
    );
  });
});

describe("JSON on the page", () => {
  it("stands on one line where it fits, and is the same value", () => {
    const value = { short: { a: [1, "line\nbreak  two"] }, long: Array.from({ length: 30 }, (_, n) => `item ${n}`) };
    const text = jsonOf(value);
    expect(JSON.parse(text)).toEqual(value);
    expect(text).toContain('"short": { "a": [ 1, "line\\nbreak  two" ] }');
    expect(text.split("\n").length).toBeGreaterThan(30);
    expect(jsonOf("x".repeat(200))).toBe(`"${"x".repeat(200)}"`);
  });
});

describe("a command on the page", () => {
  it("holds a body with quotes as one word of the shell", () => {
    const [operation] = operationsOf(
      {
        ...hostile,
        paths: {
          "/v1/keys/{id}": {
            put: {
              operationId: "x",
              tags: ["Tag"],
              summary: "",
              description: "",
              security: [],
              parameters: [{ in: "path", name: "id", example: "a b", schema: {} }],
              requestBody: { content: { "application/json": { examples: { one: { value: "it's $HOME" } } } } },
              responses: {},
            },
          },
        },
      },
      "Tag",
    );
    expect(operation && curlOf(operation)).toBe(
      `curl -s "$HOPLINE/v1/keys/a%20b" \\\n  -X PUT \\\n  -H "Content-Type: application/json" \\\n  -d '"it'\\''s $HOME"'`,
    );
  });
});

describe("a schema on the page", () => {
  const text = (schema: object) => typeOf(schema).text;

  it("names types in words, with links to those that have a name", () => {
    expect(text({ $ref: "#/components/schemas/Skill" })).toBe('<a href="#schema-Skill">Skill</a>');
    expect(text({ type: "array", items: { type: "integer" } })).toBe("list of whole number");
    expect(text({ type: "object", additionalProperties: { type: "string" } })).toBe("object of string");
    expect(text({ anyOf: [{ type: "string" }, { type: "null" }] })).toBe("string or null");
    expect(text({ enum: ["a", "b"] })).toBe("<code>&quot;a&quot;</code> or <code>&quot;b&quot;</code>");
    expect(text({})).toBe("any JSON");
  });

  it("says bounds, but not what goes without saying", () => {
    expect(boundsOf({ minimum: 1, maximum: 5_000, default: 50 })).toEqual(["1 to 5,000", "by default `50`"]);
    expect(boundsOf({ minimum: 0 })).toEqual([]);
    expect(boundsOf({ minItems: 1, maxItems: 64 })).toEqual(["1 to 64 items"]);
    expect(boundsOf({ maxLength: 64, pattern: "^a$" })).toEqual(["at most 64 characters", "matches `^a$`"]);
  });

  it("lists the fields of an object within an object, and which may be absent", () => {
    const inner = { properties: { b: {} }, required: ["b"] };
    const schema = { properties: { a: inner, list: { type: "array", items: inner } }, required: ["a"] };
    expect(fieldsOf(schema).map(({ name, required }) => [name, required])).toEqual([
      ["a", true],
      ["a.b", true],
      ["list", false],
      ["list[].b", true],
    ]);
  });
});
