/** The document itself: valid, whole, and true to the routes that are mounted. */
import { type Schema, Validator } from "@cfworker/json-schema";
import { describe, expect, it } from "vitest";
import { schemaProblem } from "../../../mesh/hop/schema-check.ts";
import type { JsonSchema } from "../../../mesh/schema.ts";
import packageJson from "../../../package.json" with { type: "json" };
import { createApp } from "../../../src/app.ts";
import { openApiDocument } from "../../../src/openapi/document.ts";
import official from "../../fixtures/openapi-3.1.schema.json" with { type: "json" };

/** As it goes over the wire. */
const document = JSON.parse(JSON.stringify(openApiDocument())) as Document;
const METHODS = ["get", "post", "put", "patch", "delete"] as const;

interface Described {
  readonly description?: string;
  readonly schema?: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { value: unknown }>>;
}
interface Operation extends Described {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: readonly (Described & { name: string })[];
  readonly requestBody?: { content: Readonly<Record<string, Described>> };
  readonly responses: Readonly<Record<string, { content?: Readonly<Record<string, Described>> }>>;
}
interface Document {
  readonly info: { version: string; title?: string };
  readonly servers: readonly { url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly webhooks: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
);

const webhooks = Object.values(document.webhooks).flatMap((item) => Object.values(item));
/** Everything that has bodies and header fields. */
const described = [...operations.map(({ operation }) => operation), ...webhooks];

/** @returns the errors; references reach into the document's components */
function errorsOf(schema: Schema, value: unknown): unknown[] {
  const whole = structuredClone({ ...schema, components: document.components });
  return new Validator(whole, "2020-12", false).validate(value).errors;
}

/** Pages for people: they are looked at, not called. */
function isConsole(path: string): boolean {
  return path === "/" || path.startsWith("/console");
}

describe("the OpenAPI document", () => {
  it("is valid by the official schema of OpenAPI 3.1", () => {
    const validator = new Validator(structuredClone(official) as Schema, "2020-12", false);
    expect(validator.validate(document).errors).toEqual([]);
    const { title: _, ...untitled } = document.info;
    expect(validator.validate({ ...document, info: untitled }).valid).toBe(false);
  });

  it("has every route that is mounted, and none that is not", () => {
    const mounted = createApp()
      .routes.filter(({ method, path }) => method !== "ALL" && path !== "/*" && !isConsole(path))
      .map(({ method, path }) => `${method} ${path.replaceAll(/\/:(\w+)/g, "/{$1}")}`);
    const documented = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(documented.toSorted()).toEqual([...new Set(mounted)].toSorted());
  });

  it("has no name of an operation twice", () => {
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
  });

  it("refers only to components that it has", () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g);
    const missing = [...references].map(([, path]) => path ?? "").filter((path) => !has(document, path.split("/")));
    expect(missing).toEqual([]);
    expect(JSON.stringify(document)).toContain('"#/components/schemas/Problem"');
  });

  it("says of every operation, parameter and schema what it is", () => {
    const silent = described.flatMap((operation) => {
      const parameters = (operation.parameters ?? []).filter(({ description }) => !description);
      return [
        ...(operation.summary && operation.description ? [] : [operation.operationId]),
        ...parameters.map(({ name }) => `${operation.operationId} ${name}`),
      ];
    });
    expect(silent).toEqual([]);
  });

  it("has the version of the package, and a server that is wherever it was read from", () => {
    expect(document.info.version).toBe(packageJson.version);
    expect(document.servers).toEqual([{ url: "/" }]);
  });

  it("gives examples that fit their schemas, and one for every body that is sent", () => {
    let checked = 0;
    for (const operation of described) {
      const bodies = Object.values(operation.requestBody?.content ?? {});
      for (const body of bodies) expect(Object.keys(body.examples ?? {}), operation.operationId).not.toEqual([]);
      const answers = Object.values(operation.responses).flatMap(({ content }) => Object.values(content ?? {}));
      for (const { schema, example, examples } of [...bodies, ...answers]) {
        const values = [
          ...(example === undefined ? [] : [example]),
          ...Object.values(examples ?? {}).map((e) => e.value),
        ];
        for (const value of values) {
          expect(errorsOf(schema as Schema, value), `${operation.operationId} ${JSON.stringify(value)}`).toEqual([]);
          checked += 1;
        }
      }
    }
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      for (const value of (schema as { examples?: unknown[] }).examples ?? []) {
        expect(errorsOf(schema, value), `${name} ${JSON.stringify(value)}`).toEqual([]);
        checked += 1;
      }
    }
    expect(checked).toBeGreaterThan(12);
  });

  it("has schemas that can be used: their references lead somewhere, their patterns compile", () => {
    const { components } = document;
    const bad = Object.entries(components.schemas).filter(
      ([, schema]) => schemaProblem({ ...(schema as object), components } as JsonSchema) !== undefined,
    );
    expect(bad).toEqual([]);
    expect(schemaProblem({ $ref: "#/components/schemas/None", components } as JsonSchema)).toContain("None");
  });

  it("uses no method that the table does not know", () => {
    expect(operations.filter(({ method }) => !(METHODS as readonly string[]).includes(method))).toEqual([]);
  });
});

function has(value: unknown, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return true;
  return typeof value === "object" && value !== null && has((value as Record<string, unknown>)[first], rest);
}
