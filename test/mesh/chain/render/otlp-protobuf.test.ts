/** OTLP by a real protobuf implementation: what it can't hold is lost on the way through its bytes. */
import fc from "fast-check";
import protobuf from "protobufjs";
import { expect, it } from "vitest";
import { otlp } from "../../../../mesh/chain/render/otlp.ts";
import common from "../../../fixtures/opentelemetry/proto/common/v1/common.proto?raw";
import resource from "../../../fixtures/opentelemetry/proto/resource/v1/resource.proto?raw";
import trace from "../../../fixtures/opentelemetry/proto/trace/v1/trace.proto?raw";
import { anyPage } from "./pages.ts";

const root = new protobuf.Root();
for (const file of [common, resource, trace]) protobuf.parse(file, root, { keepCase: false });
const TracesData = root.resolveAll().lookupType("opentelemetry.proto.trace.v1.TracesData");

const IDS = new Set(["traceId", "spanId", "parentSpanId"]);

const base64 = (hex: string) => btoa(hex.replace(/../g, (byte) => String.fromCharCode(Number.parseInt(byte, 16))));
const hex = (base64: string) =>
  [...atob(base64)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");

/** OTLP/JSON has ids in hex where the protobuf mapping has base64. */
function withIds(value: unknown, change: (id: string) => string): unknown {
  return JSON.parse(JSON.stringify(value), (key, member: unknown) =>
    IDS.has(key) && typeof member === "string" ? change(member) : member,
  );
}

/** A status that is unset has no bytes. */
function withoutUnset(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, member: unknown) =>
    key === "code" && member === 0 ? undefined : member,
  );
}

it("any chain's OTLP passes through the bytes of OpenTelemetry's own definition unharmed", () => {
  fc.assert(
    fc.property(anyPage, (page) => {
      const json: unknown = JSON.parse(JSON.stringify(otlp(page, 1_800_000_005_000)));
      const message = TracesData.fromObject(withIds(json, base64) as Record<string, unknown>);
      expect(TracesData.verify(message)).toBeNull();
      const back = TracesData.toObject(TracesData.decode(TracesData.encode(message).finish()), {
        longs: String,
        bytes: String,
      });
      expect(withIds(back, hex)).toEqual(withoutUnset(json));
    }),
    { numRuns: 200 },
  );
});
