/**
 * OpenTelemetry's own definition of OTLP, read from its .proto files (test/fixtures/opentelemetry, as published), and
 * JSON checked against it: field by field, nothing unknown, by the protobuf JSON mapping as OTLP changes it (ids are hex,
 * enums are numbers).
 */
import common from "../../../fixtures/opentelemetry/proto/common/v1/common.proto?raw";
import resource from "../../../fixtures/opentelemetry/proto/resource/v1/resource.proto?raw";
import trace from "../../../fixtures/opentelemetry/proto/trace/v1/trace.proto?raw";

interface Field {
  readonly type: string;
  readonly repeated: boolean;
  readonly oneof: string | undefined;
}
type Message = Map<string, Field>;

export interface Definition {
  /** By full name; nested ones by their place: `….Span.Link`. */
  readonly messages: ReadonlyMap<string, Message>;
  readonly enums: ReadonlyMap<string, ReadonlySet<number>>;
}

const PACKAGE = "opentelemetry.proto";

export function otlpDefinition(): Definition {
  const messages = new Map<string, Message>();
  const enums = new Map<string, Set<number>>();
  for (const file of [common, resource, trace]) read(file, messages, enums);
  return { messages, enums };
}

/** Statement by statement: a block opens, a block closes, or something is declared in the innermost one. */
function read(text: string, messages: Map<string, Message>, enums: Map<string, Set<number>>): void {
  const statements = text.replace(/\/\/.*$/gm, "").matchAll(/([^;{}]*)([;{}])/g);
  const open: { kind: string; name: string }[] = [];
  let name = "";
  for (const [, words = "", end] of statements) {
    const [first = "", second = ""] = words.trim().split(/\s+/);
    const inner = open.at(-1);
    if (end === "{") {
      const outer = open.findLast(({ kind }) => kind === "message")?.name ?? name;
      const block = { kind: first, name: `${outer}.${second}` };
      open.push(block);
      if (first === "message") messages.set(block.name, new Map());
      if (first === "enum") enums.set(block.name, new Set());
    } else if (end === "}") open.pop();
    else if (first === "package") name = second;
    else if (inner?.kind === "enum") enums.get(inner.name)?.add(Number(/=\s*(\w+)/.exec(words)?.[1]));
    else if (inner?.kind === "message" || inner?.kind === "oneof") {
      const [, label, type = "", field = ""] = /^\s*(repeated\s+)?([\w.]+)\s+(\w+)\s*=\s*\d+/.exec(words) ?? [];
      const message = open.findLast(({ kind }) => kind === "message")?.name ?? "";
      const oneof = inner.kind === "oneof" ? inner.name : undefined;
      if (field !== "") messages.get(message)?.set(camel(field), { type, repeated: label !== undefined, oneof });
    }
  }
}

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** What is wrong with `value` as a message of this type; nothing when it is accepted. */
export function faults(definition: Definition, type: string, value: unknown, at = type): string[] {
  const message = definition.messages.get(`${PACKAGE}.${type}`);
  if (message === undefined) return [`${at}: there is no message ${type}`];
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [`${at}: not an object`];
  const oneofs = new Set<string>();
  return Object.entries(value).flatMap(([name, content]) => {
    const place = `${at}.${name}`;
    const field = message.get(name);
    if (field === undefined) return [`${place}: unknown field`];
    if (field.oneof !== undefined && oneofs.size === oneofs.add(field.oneof).size)
      return [`${place}: a second of a oneof`];
    if (!field.repeated) return fieldFaults(definition, type, field.type, content, place);
    if (!Array.isArray(content)) return [`${place}: not a list`];
    return content.flatMap((one, n) => fieldFaults(definition, type, field.type, one, `${place}[${n}]`));
  });
}

function fieldFaults(definition: Definition, within: string, type: string, value: unknown, at: string): string[] {
  const scalar = SCALARS[type];
  if (scalar !== undefined) return scalar(value, at) ? [] : [`${at}: not a ${type}: ${JSON.stringify(value)}`];
  const found = [`${PACKAGE}.${within}.${type}`, `${PACKAGE}.${within.replace(/\.\w+$/, "")}.${type}`, type].find(
    (name) => definition.messages.has(name) || definition.enums.has(name),
  );
  if (found === undefined) return [`${at}: there is no type ${type}`];
  const values = definition.enums.get(found);
  if (values !== undefined)
    return values.has(value as number) ? [] : [`${at}: not of ${type}: ${JSON.stringify(value)}`];
  return faults(definition, found.slice(PACKAGE.length + 1), value, at);
}

const whole = (least: bigint, most: bigint) => (value: unknown) =>
  typeof value === "string" && /^-?\d+$/.test(value) && BigInt(value) >= least && BigInt(value) <= most;
const small = (least: number, most: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= least && (value as number) <= most;

const SCALARS: Readonly<Record<string, (value: unknown, at: string) => boolean>> = {
  string: (value) => typeof value === "string" && value.isWellFormed(),
  bool: (value) => typeof value === "boolean",
  double: (value) => typeof value === "number",
  int64: whole(-(2n ** 63n), 2n ** 63n - 1n),
  fixed64: whole(0n, 2n ** 64n - 1n),
  int32: small(-(2 ** 31), 2 ** 31 - 1),
  uint32: small(0, 2 ** 32 - 1),
  fixed32: small(0, 2 ** 32 - 1),
  // OTLP: trace and span ids are hex; no other bytes are sent here.
  bytes: (value, at) =>
    typeof value === "string" && (at.endsWith("raceId") ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{16}$/).test(value),
};
