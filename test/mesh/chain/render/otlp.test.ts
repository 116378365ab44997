import { JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { otlp, type TracesData } from "../../../../mesh/chain/render/otlp.ts";
import { anyPage, CHAIN_ID, CYCLE, hop, idOf, LINEAGE, pageOf, refused } from "./pages.ts";
import { faults, otlpDefinition } from "./proto.ts";

const NOW = 1_800_000_005_000;
const definition = otlpDefinition();
const faultsOf = (data: unknown) => faults(definition, "trace.v1.TracesData", data);
/** As it travels. */
const sent = (...page: Parameters<typeof pageOf>) =>
  JSON.parse(JSON.stringify(otlp(pageOf(...page), NOW))) as TracesData;
const spansOf = ({ resourceSpans }: TracesData) => resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
const attributesOf = ({ attributes }: { attributes: TracesData["resourceSpans"][0]["resource"]["attributes"] }) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

describe("a chain as OTLP/JSON", () => {
  it("has one resource, one scope, and a span a hop under its caller's", () => {
    const data = sent(LINEAGE);
    expect(data.resourceSpans).toHaveLength(1);
    expect(data.resourceSpans[0]?.scopeSpans).toHaveLength(1);
    const spans = spansOf(data);
    expect(spans.map(({ traceId, spanId, parentSpanId }) => [traceId, spanId, parentSpanId])).toEqual(
      LINEAGE.map(({ hopId, parentHopId }) => [CHAIN_ID, hopId, parentHopId ?? undefined]),
    );
    expect(spans[0]).not.toHaveProperty("parentSpanId");
  });

  it("names calls by the semantic conventions for generative AI", () => {
    const rows = [
      hop(1, "desk", { skill: "ask", tokens: 7, costMicros: 9 }),
      hop(2, "weather", { parentRow: 1, kind: "tool" }),
      hop(3, "m-1", { parentRow: 1, kind: "model" }),
    ];
    const [agent, tool, model] = spansOf(sent(rows));
    expect(agent).toMatchObject({ name: "invoke_agent desk", kind: 3, status: { code: 0 } });
    expect(attributesOf(agent ?? { attributes: [] })).toEqual({
      "gen_ai.operation.name": "invoke_agent",
      "gen_ai.provider.name": "hopline",
      "gen_ai.agent.name": "desk",
      "gen_ai.usage.total_tokens": "7",
      "hopline.skill": "ask",
      "hopline.caller": "admin",
      "hopline.depth": "1",
      "hopline.status": "done",
      "hopline.attempt": "1",
      "hopline.usage.bytes": "20",
      "hopline.usage.cost_micros": "9",
      "hopline.input.digest": "sha256-in",
      "hopline.output.digest": "sha256-out",
      "hopline.chain.status": "done",
      "hopline.principal": "admin",
    });
    expect(tool).toMatchObject({ name: "execute_tool weather", kind: 1 });
    expect(attributesOf(tool ?? { attributes: [] })).toMatchObject({
      "gen_ai.tool.name": "weather",
      "gen_ai.tool.call.id": idOf(2),
    });
    expect(model).toMatchObject({ name: "chat m-1", kind: 3 });
    expect(attributesOf(model ?? { attributes: [] })).toMatchObject({ "gen_ai.request.model": "m-1" });
  });

  it("counts time in nanoseconds, as text", () => {
    const [span] = spansOf(sent([hop(1, "a")]));
    expect([span?.startTimeUnixNano, span?.endTimeUnixNano]).toEqual(["1800000000001000000", "1800000000251000000"]);
  });

  it("marks what failed or was refused as an error, with its code and its sentence", () => {
    const rows = [
      hop(1, "desk"),
      refused(2, "desk", CYCLE, { parentRow: 1 }),
      hop(3, "x", { parentRow: 1, status: "error", rejection: { code: "upstream_error", detail: "It broke." } }),
      hop(4, "x", { parentRow: 1, status: "lost" }),
      hop(5, "x", { parentRow: 1, status: "cancelled" }),
    ];
    const [done, ...others] = spansOf(sent(rows));
    expect(attributesOf(done ?? { attributes: [] })).not.toHaveProperty(["error.type"]);
    expect(others.map((span) => [span.status.code, attributesOf(span)["error.type"]])).toEqual([
      [2, "cycle_detected"],
      [2, "upstream_error"],
      [2, "lost"],
      [2, "cancelled"],
    ]);
    expect(others[0]?.status.message).toContain("desk → reader → desk");
    expect(others[1]?.status.message).toBe("It broke.");
  });

  it("ends an open hop's span now, and says that it is open", () => {
    const [span] = spansOf(sent([hop(1, "a", { status: "open", endedAt: null })]));
    expect(span).toMatchObject({ endTimeUnixNano: `${NOW}000000`, status: { code: 0 } });
    expect(attributesOf(span ?? { attributes: [] })).toMatchObject({ "hopline.open": true, "hopline.status": "open" });
  });

  it("links the root to the span that the caller named, and nothing to one that is none", () => {
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const rows = [hop(1, "a"), hop(2, "b", { parentRow: 1 })];
    const [root, below] = spansOf(sent(rows, { chain: { traceparent } }));
    expect(root?.links).toEqual([{ traceId: "a".repeat(32), spanId: "b".repeat(16), flags: 1, attributes: [] }]);
    expect(below).not.toHaveProperty("links");
    for (const none of [
      null,
      "",
      "nonsense",
      `00-${"0".repeat(32)}-${"b".repeat(16)}-01`,
      `00-${"a".repeat(32)}-${"0".repeat(16)}-01`,
    ]) {
      expect(spansOf(sent(rows, { chain: { traceparent: none } }))[0]).not.toHaveProperty("links");
    }
  });

  it("says which part of the chain it is", () => {
    const scope = sent(LINEAGE, { nextCursor: "NDQ" }).resourceSpans[0]?.scopeSpans[0]?.scope;
    expect(attributesOf({ attributes: scope?.attributes ?? [] })).toEqual({
      "hopline.truncated": true,
      "hopline.next_cursor": "NDQ",
    });
    expect(sent(LINEAGE).resourceSpans[0]?.scopeSpans[0]?.scope).toEqual({ name: "hopline" });
  });

  it("is accepted by OpenTelemetry's definition, whatever the names", () => {
    expect(faultsOf(sent(LINEAGE, { chain: { traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` } }))).toEqual(
      [],
    );
    expect(faultsOf(sent(LINEAGE, { nextCursor: "NDQ" }))).toEqual([]);
    fc.assert(
      fc.property(anyPage, (page) => {
        expect(faultsOf(otlp(page, NOW))).toEqual([]);
      }),
    );
  });

  it("has the shape that OpenTelemetry's own exporter gives its spans", () => {
    const theirs = JSON.parse(
      new TextDecoder().decode(JsonTraceSerializer.serializeRequest([readableSpan()])),
    ) as TracesData;
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const [ours] = spansOf(sent([hop(1, "a", { status: "lost" })], { chain: { traceparent } }));
    const [span] = spansOf(theirs);
    expect(faultsOf(theirs)).toEqual([]);
    for (const key of [
      "traceId",
      "spanId",
      "name",
      "kind",
      "startTimeUnixNano",
      "endTimeUnixNano",
      "status",
    ] as const) {
      expect(typeof ours?.[key], key).toBe(typeof span?.[key]);
    }
    expect(Object.keys(span ?? {})).toEqual(expect.arrayContaining(Object.keys(ours ?? {})));
    expect(span?.traceId).toBe(CHAIN_ID);
    expect(span?.links?.[0]).toMatchObject({ traceId: "a".repeat(32), spanId: "b".repeat(16) });
  });
});

describe("the reader of OpenTelemetry's definition", () => {
  it("knows its messages, nested ones included", () => {
    expect([...(definition.messages.get("opentelemetry.proto.trace.v1.Span.Link")?.keys() ?? [])]).toEqual([
      "traceId",
      "spanId",
      "traceState",
      "attributes",
      "droppedAttributesCount",
      "flags",
    ]);
    expect([...(definition.enums.get("opentelemetry.proto.trace.v1.Status.StatusCode") ?? [])]).toEqual([0, 1, 2]);
  });

  it.each([
    ["an unknown field", { resourceSpans: [{ spans: [] }] }],
    ["a number for nanoseconds", spanWith({ startTimeUnixNano: 1_800_000_000_000 })],
    ["an id in base64", spanWith({ spanId: "q6urq6urq6s=" })],
    ["an id of the wrong length", spanWith({ spanId: "abc" })],
    ["an enum by an unknown number", spanWith({ kind: 9 })],
    ["a number for an integer attribute", spanWith({ attributes: [{ key: "a", value: { intValue: 1 } }] })],
    [
      "two values in one attribute",
      spanWith({ attributes: [{ key: "a", value: { intValue: "1", boolValue: true } }] }),
    ],
    ["a lone surrogate", spanWith({ name: "\ud800" })],
    ["an object for a list", spanWith({ attributes: {} })],
    ["a status that is none", spanWith({ status: { code: "ERROR" } })],
  ])("refuses %s", (_, data) => {
    expect(faultsOf(data)).toHaveLength(1);
  });
});

function spanWith(field: Record<string, unknown>): unknown {
  return { resourceSpans: [{ scopeSpans: [{ spans: [field] }] }] };
}

/** A finished span as OpenTelemetry's SDK hands it to an exporter. */
function readableSpan(): Parameters<typeof JsonTraceSerializer.serializeRequest>[0][number] {
  const context = (traceId: string, spanId: string) => ({ traceId, spanId, traceFlags: 1 });
  return {
    name: "invoke_agent a",
    kind: 2,
    spanContext: () => context(CHAIN_ID, idOf(1)),
    startTime: [1_800_000_000, 1_000_000],
    endTime: [1_800_000_000, 251_000_000],
    status: { code: 2, message: "lost" },
    attributes: { "gen_ai.operation.name": "invoke_agent", "hopline.open": true },
    links: [{ context: context("a".repeat(32), "b".repeat(16)), attributes: {} }],
    events: [],
    duration: [0, 250_000_000],
    ended: true,
    resource: { attributes: { "service.name": "hopline" }, merge: () => undefined, getRawAttributes: () => [] },
    instrumentationScope: { name: "hopline" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  } as never;
}
