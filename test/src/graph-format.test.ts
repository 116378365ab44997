import { describe, expect, it } from "vitest";
import { accepted, FORMATS, MEDIA_TYPES, notAcceptable } from "../../src/routes/graph-format.ts";

describe("the format that an Accept header asks for", () => {
  it.each([
    [undefined, "json"],
    ["", "json"],
    ["*/*", "json"],
    ["application/json", "json"],
    ["text/vnd.mermaid", "mermaid"],
    ["text/vnd.graphviz", "dot"],
    ["IMAGE/SVG+XML", "svg"],
    ["application/vnd.hopline.otlp+json", "otlp"],
    ["image/*", "svg"],
    ["text/*", "mermaid"],
    ["application/*", "json"],
    ["text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", "json"],
    ["image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "svg"],
    ["application/json;q=0.5, text/vnd.graphviz", "dot"],
    ["text/vnd.graphviz;q=0.4, application/json;q=0.5", "json"],
    ["application/json;q=0, */*", "mermaid"],
    ["*/*;q=0.1, application/json;q=0, text/vnd.mermaid;q=0, text/vnd.graphviz;q=0", "svg"],
    ["text/*;q=0.9, text/vnd.mermaid;q=0.1", "dot"],
    ["image/svg+xml, */*", "svg"],
    ["image/svg+xml; charset=utf-8; q=0.7, text/html", "svg"],
    ["text/html", undefined],
    ["image/png", undefined],
    ["*/*;q=0", undefined],
    ["application/json;q=0", undefined],
  ])("%j is %s", (accept, format) => {
    expect(accepted(accept)).toBe(format);
  });

  it("is each format's own, when only that is taken", () => {
    expect(FORMATS.map((format) => accepted(MEDIA_TYPES[format]))).toEqual([...FORMATS]);
  });

  it("that none can serve is answered by a problem that names those there are", async () => {
    const response = notAcceptable();
    expect(response.status).toBe(406);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    const body = (await response.json()) as { detail: string };
    expect(body).toMatchObject({ code: "invalid_request", status: 406, type: "urn:hopline:problem:invalid_request" });
    for (const format of FORMATS) expect(body.detail).toContain(`${MEDIA_TYPES[format]} (format=${format})`);
  });
});
