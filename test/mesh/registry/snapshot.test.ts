import { describe, expect, it } from "vitest";
import { REGISTRY_CACHE, REGISTRY_CACHE_CHARS } from "../../../mesh/limits.ts";
import { RegistrySnapshot } from "../../../mesh/registry/snapshot.ts";

/** A registry with a clock that stands until it is moved, and what was asked of it. */
function fakeRegistry(values: Record<string, string>) {
  const snapshot = new RegistrySnapshot();
  const asked = { revision: 0, read: 0 };
  const state = { now: 1_000_000, revision: 1, values: { ...values } as Record<string, string | undefined> };
  return {
    snapshot,
    asked,
    state,
    set: (key: string, value: string | undefined) => {
      state.values[key] = value;
      state.revision += 1;
    },
    get: (key: string) =>
      snapshot.get<string>(
        key,
        () => state.now,
        async () => {
          asked.revision += 1;
          return state.revision;
        },
        async () => {
          asked.read += 1;
          return { revision: state.revision, value: state.values[key] };
        },
      ),
  };
}

describe("what an isolate remembers of a registry", () => {
  it("is used for 500 ms without asking, then only the revision is asked for", async () => {
    const { get, asked, state } = fakeRegistry({ a: "1" });
    expect(await get("a")).toBe("1");
    await get("a");
    const { revision } = asked;
    state.now += 500;
    expect(await get("a")).toBe("1");
    expect(asked).toEqual({ revision, read: 1 });
    state.now += 1;
    expect(await get("a")).toBe("1");
    expect(asked).toEqual({ revision: revision + 1, read: 1 });
    expect(await get("a")).toBe("1");
    expect(asked).toEqual({ revision: revision + 1, read: 1 });
  });

  it("that has changed is seen within 500 ms", async () => {
    const { get, set, state } = fakeRegistry({ a: "1", b: "1" });
    await Promise.all([get("a"), get("b")]);
    await get("a");
    set("a", "2");
    expect(await get("a"), "still believed").toBe("1");
    state.now += 501;
    expect(await get("a")).toBe("2");
    expect(await get("b")).toBe("1");
  });

  it("that is removed is gone within 500 ms", async () => {
    const { get, set, state } = fakeRegistry({ a: "1" });
    await get("a");
    await get("a");
    set("a", undefined);
    state.now += 501;
    expect(await get("a")).toBeUndefined();
  });

  it("does not hold what there is not: a registration is seen at once", async () => {
    const { get, set, asked } = fakeRegistry({});
    expect(await get("a")).toBeUndefined();
    expect(await get("a")).toBeUndefined();
    expect(asked.read).toBe(2);
    set("a", "1");
    expect(await get("a")).toBe("1");
  });

  it("is read again at once after a change that this isolate has made", async () => {
    const { get, set, snapshot, state } = fakeRegistry({ a: "1" });
    await get("a");
    set("a", "2");
    snapshot.note(state.revision);
    expect(await get("a")).toBe("2");
  });

  it("never goes back: an older revision that comes late is not believed", async () => {
    const { get, set, snapshot, state } = fakeRegistry({ a: "1" });
    await get("a");
    await get("a");
    set("a", "2");
    snapshot.note(state.revision);
    snapshot.note(1);
    expect(await get("a")).toBe("2");
  });

  it("is bounded: what was not used for longest is forgotten", async () => {
    const { get, asked } = fakeRegistry({ kept: "1" });
    await get("kept");
    const values = Array.from({ length: REGISTRY_CACHE - 1 }, (_, n) => `other-${n}`);
    const registry = fakeRegistry(Object.fromEntries(["kept", ...values, "last"].map((key) => [key, key])));
    for (const key of ["kept", ...values]) await registry.get(key);
    await registry.get("kept");
    await registry.get("last");
    const reads = registry.asked.read;
    expect(await registry.get("kept")).toBe("kept");
    expect(registry.asked.read).toBe(reads);
    expect(await registry.get("other-0")).toBe("other-0");
    expect(registry.asked.read).toBe(reads + 1);
    expect(asked.read).toBe(1);
  });

  it("holds no more than its bytes allow, however few the agents are", async () => {
    const large = "x".repeat(REGISTRY_CACHE_CHARS / 4);
    const keys = ["a", "b", "c", "d"];
    const registry = fakeRegistry(Object.fromEntries(keys.map((key) => [key, large])));
    for (const key of keys) await registry.get(key);
    const reads = registry.asked.read;
    for (const key of ["d", "c", "b"]) await registry.get(key);
    expect(registry.asked.read).toBe(reads);
    await registry.get("a");
    expect(registry.asked.read).toBe(reads + 1);
  });

  it("fails as the registry fails, and is asked again the next time", async () => {
    const snapshot = new RegistrySnapshot();
    const failing = () => Promise.reject(new Error("The object was reset."));
    await expect(snapshot.get("a", Date.now, failing, failing)).rejects.toThrow("reset");
    expect(
      await snapshot.get(
        "a",
        Date.now,
        async () => 1,
        async () => ({ revision: 1, value: "1" }),
      ),
    ).toBe("1");
  });
});
