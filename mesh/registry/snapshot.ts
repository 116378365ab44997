/**
 * What an isolate remembers of a mesh's registry: a bounded cache per agent and key. What was checked more than
 * REGISTRY_FRESH_MS ago is checked against the registry's revision before use; a miss asks the registry.
 */
import { REGISTRY_CACHE, REGISTRY_CACHE_CHARS, REGISTRY_FRESH_MS } from "../limits.ts";
import type { AtRevision } from "./registry.ts";

interface Entry {
  readonly revision: number;
  readonly value: unknown;
  /** Of its JSON: what it weighs, about. */
  readonly chars: number;
}

export class RegistrySnapshot {
  /** In the order of use, so that the first one is the one to forget. */
  readonly #entries = new Map<string, Entry>();
  #chars = 0;
  #revision = 0;
  #checkedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param readRevision asks the registry for its revision
   * @param read asks the registry for the value itself
   */
  async get<T>(
    key: string,
    now: () => number,
    readRevision: () => Promise<number>,
    read: () => Promise<AtRevision<T | undefined>>,
  ): Promise<T | undefined> {
    const known = this.#entries.get(key);
    if (known !== undefined && now() - this.#checkedAt > REGISTRY_FRESH_MS) {
      const askedAt = now();
      this.note(await readRevision());
      this.#checkedAt = askedAt;
    }
    if (known !== undefined && known.revision >= this.#revision) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.value as T;
    }
    return this.#remember(key, await read());
  }

  /** A revision that was seen, for instance in the answer to a change: older entries are read again. */
  note(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }

  /** Only what exists is remembered, so that a registration is seen at once. */
  #remember<T>(key: string, { revision, value }: AtRevision<T | undefined>): T | undefined {
    this.note(revision);
    this.#forget(key);
    if (value === undefined) return undefined;
    const chars = JSON.stringify(value).length;
    this.#entries.set(key, { revision, value, chars });
    this.#chars += chars;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= REGISTRY_CACHE && this.#chars <= REGISTRY_CACHE_CHARS) break;
      this.#forget(oldest);
    }
    return value;
  }

  #forget(key: string): void {
    this.#chars -= this.#entries.get(key)?.chars ?? 0;
    this.#entries.delete(key);
  }
}
