/** A mesh as one request sees it: its objects, its keys, and what the isolate remembers of its registry. */
import type { Ledger } from "./chain/chain.ts";
import { type EgressPolicy, policyAt } from "./egress/address.ts";
import { Courier } from "./hop/courier.ts";
import { type Cancel, Timers } from "./hop/timers.ts";
import { type ImportedKeys, importKeys, type Keyring, keyringAt } from "./identity/isolate-keyring.ts";
import type { KeyringRecord } from "./identity/keyring.ts";
import type { KeyRecord } from "./identity/keys.ts";
import { addressOf, type ChainAddress, chainAddress, chainId, ledgerName, REGIONS, type Region } from "./ids.ts";
import type { MeshIndex } from "./index/index.ts";
import { MESH_CACHE } from "./limits.ts";
import { randomBytes } from "./random.ts";
import type { NamedTool } from "./registry/named-tool.ts";
import type { Registry } from "./registry/registry.ts";
import { RegistrySnapshot } from "./registry/snapshot.ts";
import type { Agent } from "./schema.ts";

export interface MeshBindings {
  readonly REGISTRY: DurableObjectNamespace<Registry>;
  readonly LEDGER: DurableObjectNamespace<Ledger>;
  readonly INDEX: DurableObjectNamespace<MeshIndex>;
}

export interface MeshSettings {
  /** How many digits of a chain id name its ledger object: 0 = one a region, 8 = practically one a chain. */
  readonly ledgerDigits: number;
  readonly egress: EgressPolicy;
  /** How long one key of hop tokens signs, in milliseconds. */
  readonly tokenKeyMs: number;
  /** Service bindings and object namespaces of the deployment that may be registered as agents, by name. */
  readonly agentBindings: ReadonlyMap<string, unknown>;
}

/** What an isolate remembers of one mesh. Bounded; everything in it can be read again. */
interface Memory {
  readonly snapshot: RegistrySnapshot;
  readonly ledgers: Map<string, KnownLedger>;
  keyring?: { readonly record: KeyringRecord; readonly imported: ImportedKeys; readonly keys: Keyring };
}

interface KnownLedger {
  /** Made once: the platform hashes the name. */
  readonly id: DurableObjectId;
  /** What carries this isolate's messages to it. */
  readonly courier: Courier;
}

/** By what one request sends a chain's messages. */
interface Line {
  readonly ledger: DurableObjectStub<Ledger>;
  readonly courier: Courier;
}

const memories = new Map<string, Memory>();

function memoryOf(mesh: string): Memory {
  const memory = memories.get(mesh) ?? { snapshot: new RegistrySnapshot(), ledgers: new Map() };
  memories.delete(mesh);
  memories.set(mesh, memory);
  const [oldest] = memories.keys();
  if (memories.size > MESH_CACHE && oldest !== undefined) memories.delete(oldest);
  return memory;
}

export class Mesh {
  readonly name: string;
  readonly settings: MeshSettings;
  readonly #region: () => Region;
  /** The URL by which this request has reached the mesh. */
  readonly #reachedAt: () => string;
  readonly #bindings: MeshBindings;
  readonly #memory: Memory;
  readonly #defer: (work: Promise<unknown>) => void;
  #egress: EgressPolicy | undefined;
  /** By chain: a request has one, or those that it is asked about. */
  readonly #lines = new Map<string, Line>();
  readonly #timers = new Timers(Date.now);

  /** @param defer keeps the request's context alive for work that its answer does not wait for */
  constructor(
    name: string,
    options: {
      bindings: MeshBindings;
      settings: MeshSettings;
      region: () => Region;
      reachedAt: () => string;
      defer: (work: Promise<unknown>) => void;
    },
  ) {
    this.name = name;
    this.settings = options.settings;
    this.#region = options.region;
    this.#reachedAt = options.reachedAt;
    this.#bindings = options.bindings;
    this.#memory = memoryOf(name);
    this.#defer = options.defer;
  }

  /** What may be reached from here; the mesh itself never, by whatever name it was just called. */
  get egress(): EgressPolicy {
    this.#egress ??= policyAt(this.#reachedAt(), this.settings.egress);
    return this.#egress;
  }

  now(): number {
    return Date.now();
  }

  random(bytes: number): Uint8Array {
    return randomBytes(bytes);
  }

  defer(work: Promise<unknown>): void {
    this.#defer(work);
  }

  /** Runs `run` once in `ms` milliseconds, or a little later, within this request. */
  after(ms: number, run: () => void): Cancel {
    return this.#timers.after(ms, run);
  }

  get registry(): DurableObjectStub<Registry> {
    return this.#bindings.REGISTRY.getByName(this.name);
  }

  get index(): DurableObjectStub<MeshIndex> {
    return this.#bindings.INDEX.getByName(this.name);
  }

  /** A change of the registry that this isolate has made: it sees it at once. */
  noteRevision(revision: number): void {
    this.#memory.snapshot.note(revision);
  }

  agent(name: string): Promise<Agent | undefined> {
    const read = () => this.registry.agent(name) as Promise<{ revision: number; value: Agent | undefined }>;
    return this.#memory.snapshot.get(`agent ${name}`, Date.now, () => this.registry.revision(), read);
  }

  /** The agent and the skill that a tool's name means. */
  toolNamed(name: string): Promise<NamedTool | undefined> {
    const read = () => this.registry.toolNamed(name) as Promise<{ revision: number; value: NamedTool | undefined }>;
    return this.#memory.snapshot.get(`tool ${name}`, Date.now, () => this.registry.revision(), read);
  }

  key(keyId: string): Promise<KeyRecord | undefined> {
    const read = () => this.registry.key(keyId) as Promise<{ revision: number; value: KeyRecord | undefined }>;
    return this.#memory.snapshot.get(`key ${keyId}`, Date.now, () => this.registry.revision(), read);
  }

  /** What the mesh signs and checks with now. Whoever finds the next key due has the registry let it sign. */
  async keyring(): Promise<Keyring> {
    const known = await this.#keyring();
    if (!known.due) return known;
    this.noteRevision(((await this.registry.keyring(this.settings.tokenKeyMs)) as { revision: number }).revision);
    return this.#keyring();
  }

  async #keyring(): Promise<Keyring> {
    const { tokenKeyMs } = this.settings;
    const read = () => this.registry.keyring(tokenKeyMs) as Promise<{ revision: number; value: KeyringRecord }>;
    const record = await this.#memory.snapshot.get("keyring", Date.now, () => this.registry.revision(), read);
    if (record === undefined) throw new Error("The registry gave no keyring.");
    const held = this.#memory.keyring;
    if (held?.record === record && held.keys.until > this.now()) return held.keys;
    const imported = held?.record === record ? held.imported : await importKeys(record);
    const keys = keyringAt(record, imported, this.now(), tokenKeyMs);
    this.#memory.keyring = { record, imported, keys };
    return keys;
  }

  /** @param seed what the ledger's digits are taken from, where a repeated request must find the same ledger */
  async newChainId(seed?: string): Promise<string> {
    const { check } = await this.keyring();
    // A repeated request may come in elsewhere: with a seed the ledger does not depend on where. One ledger is one.
    const region = seed === undefined && this.settings.ledgerDigits > 0 ? this.#region() : REGIONS[0];
    const options = { ledgerDigits: this.settings.ledgerDigits, region, seed, nowMs: this.now() };
    return chainId(options, (bytes) => this.random(bytes), check);
  }

  /** The ledger of a chain id from outside, or nothing when this mesh has not made the id. */
  async ledgerOf(id: string): Promise<DurableObjectStub<Ledger> | undefined> {
    const address = chainAddress(id, (await this.keyring()).check);
    return address && this.#ledger(address);
  }

  /** The ledger of a chain id that this mesh has signed or just made. @throws when it is not even one in form */
  ledger(id: string): DurableObjectStub<Ledger> {
    return this.#ledger(known(id));
  }

  /**
   * By what this request sends a chain's messages. It is kept, because making a stub costs as much as deciding a hop; one
   * that has failed stays broken: `forgetLine` it.
   */
  line(id: string): Line {
    const kept = this.#lines.get(id) ?? this.#newLine(known(id));
    this.#lines.set(id, kept);
    return kept;
  }

  forgetLine(id: string): void {
    this.#lines.delete(id);
  }

  #newLine(address: ChainAddress): Line {
    return { ledger: this.#ledger(address), courier: this.#known(address).courier };
  }

  #ledger(address: ChainAddress): DurableObjectStub<Ledger> {
    const { id } = this.#known(address);
    return this.#bindings.LEDGER.get(id, address.region === "" ? {} : { locationHint: address.region });
  }

  #known(address: ChainAddress): KnownLedger {
    const { ledgers } = this.#memory;
    const name = ledgerName(this.name, address);
    const found = ledgers.get(name);
    if (found !== undefined) return found;
    const made = { id: this.#bindings.LEDGER.idFromName(name), courier: new Courier() };
    if (ledgers.size > LEDGERS) ledgers.clear();
    ledgers.set(name, made);
    return made;
  }
}

/** Ledgers that an isolate remembers for one mesh; the courier of one that is forgotten ends what it carries. */
const LEDGERS = 1_000;

function known(id: string): ChainAddress {
  const address = addressOf(id);
  if (address === undefined) throw new Error("This is not the id of a chain.");
  return address;
}
