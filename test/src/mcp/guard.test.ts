import { describe, expect, it } from "vitest";
import { foreign, type OwnNames } from "../../../src/mcp/guard.ts";

const passes = (own: OwnNames, host: string | null, origin: string | null = null) =>
  foreign(host, origin, own) === undefined;

describe("on loopback", () => {
  const own = { hosts: ["127.0.0.1"], loopback: true };
  it.each(["127.0.0.1:8787", "localhost", "LOCALHOST:1", "[::1]:8787", "127.1.2.3", "localhost."])(
    "%s is us",
    (host) => {
      expect(passes(own, host)).toBe(true);
    },
  );
  it.each([
    null,
    "",
    "example.com",
    "localhost.example.com",
    "127.0.0.1.example.com",
    "10.0.0.1",
    "a b",
    "user@example.com",
  ])("%s is not", (host) => {
    expect(passes(own, host)).toBe(false);
  });
  it("a page of our own names may ask, and no other", () => {
    expect(passes(own, "localhost:8787", "http://127.0.0.1:5173")).toBe(true);
    for (const origin of ["null", "", "http://example.com", "file://", "http://localhost.example.com"]) {
      expect([origin, passes(own, "localhost:8787", origin)]).toEqual([origin, false]);
    }
  });
});

describe("with names of its own", () => {
  const own = { hosts: ["mesh.example.com"], loopback: false };
  it("answers to them alone, and not to loopback", () => {
    expect(passes(own, "mesh.example.com", "https://mesh.example.com")).toBe(true);
    expect(passes(own, "localhost")).toBe(false);
    expect(passes(own, "other.example.com")).toBe(false);
    expect(passes(own, "mesh.example.com", "https://other.example.com")).toBe(false);
  });
});

describe("where the platform routes by name", () => {
  const own = { hosts: [], loopback: false };
  it("answers to every Host that arrives, and to pages of that name alone", () => {
    expect(passes(own, "any.workers.dev")).toBe(true);
    expect(passes(own, "any.workers.dev", "https://any.workers.dev")).toBe(true);
    expect(passes(own, "any.workers.dev", "https://other.workers.dev")).toBe(false);
  });
});

describe("listening on every address", () => {
  it.each(["0.0.0.0", "::"])("%s answers to addresses, which can't be rebound, and to no name", (all) => {
    const own = { hosts: [all], loopback: false };
    expect(passes(own, "192.168.1.7:8787")).toBe(true);
    expect(passes(own, "[fe80::1]:8787")).toBe(true);
    expect(passes(own, "evil.example")).toBe(false);
  });
});
