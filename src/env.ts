/** The parsed environment: bindings and settings, each with a default or an error that says what would be right. */

import { tokenKeyDays } from "../mesh/identity/token-keys.ts";
import { MAX_LEDGER_DIGITS } from "../mesh/ids.ts";
import { MCP_TOOLS_CAP } from "../mesh/limits.ts";
import type { MeshBindings, MeshSettings } from "../mesh/mesh.ts";
import type { McpSession } from "../mesh/session/mcp-session.ts";
import type { TaskDesk } from "../mesh/task/desk.ts";

export interface Env extends MeshBindings {
  readonly MCP_SESSION: DurableObjectNamespace<McpSession>;
  readonly TASKS: DurableObjectNamespace<TaskDesk>;
  /** The first key of the mesh `default`: any string of at least 32 characters. */
  readonly HOPLINE_ADMIN_KEY?: string;
  /** 0 to 8: how many hex digits of a chain's id name its ledger object, for each region. */
  readonly HOPLINE_LEDGER_DIGITS?: string;
  /** Names of bindings that may be registered as agents, with commas between. */
  readonly HOPLINE_AGENT_BINDINGS?: string;
  /** "1" only where the mesh listens on loopback: agents on loopback may then be reached. Never when deployed. */
  readonly HOPLINE_ALLOW_LOOPBACK?: string;
  /** Hosts that are the mesh itself, with commas between, and its port. */
  readonly HOPLINE_OWN_HOSTS?: string;
  readonly HOPLINE_PORT?: string;
  /** How many days one key of hop tokens signs. */
  readonly HOPLINE_TOKEN_KEY_DAYS?: string;
  /** Tools that a list over MCP tells at most. */
  readonly HOPLINE_MCP_TOOLS_CAP?: string;
}

const MIN_ADMIN_KEY = 32;

export interface Settings extends MeshSettings {
  readonly adminKey: string;
  readonly mcpToolsCap: number;
}

/** By environment: the Worker and each object of an isolate have one of their own. */
const parsed = new WeakMap<Env, Settings>();

/** @throws {TypeError} a setting that can't be used, named */
export function settingsOf(env: Env): Settings {
  const settings = parsed.get(env) ?? parse(env);
  parsed.set(env, settings);
  return settings;
}

function parse(env: Env): Settings {
  const adminKey = env.HOPLINE_ADMIN_KEY ?? "";
  if (adminKey.length < MIN_ADMIN_KEY) {
    throw new TypeError(`HOPLINE_ADMIN_KEY must be a secret of at least ${MIN_ADMIN_KEY} characters.`);
  }
  const ledgerDigits = Number(env.HOPLINE_LEDGER_DIGITS ?? "1");
  if (!Number.isInteger(ledgerDigits) || ledgerDigits < 0 || ledgerDigits > MAX_LEDGER_DIGITS) {
    throw new TypeError(`HOPLINE_LEDGER_DIGITS must be a whole number from 0 to ${MAX_LEDGER_DIGITS}.`);
  }
  const names = list(env.HOPLINE_AGENT_BINDINGS);
  const mcpToolsCap = Number(env.HOPLINE_MCP_TOOLS_CAP ?? MCP_TOOLS_CAP);
  if (!Number.isInteger(mcpToolsCap) || mcpToolsCap < 1) {
    throw new TypeError("HOPLINE_MCP_TOOLS_CAP must be a whole number from 1.");
  }
  const own = new Set(["REGISTRY", "LEDGER", "INDEX", "MCP_SESSION", "TASKS"]);
  const bindings = names
    .filter((name) => !own.has(name))
    .map((name) => [name, (env as unknown as Record<string, unknown>)[name]] as const);
  return {
    adminKey,
    ledgerDigits,
    mcpToolsCap,
    tokenKeyMs: tokenKeyDays(env.HOPLINE_TOKEN_KEY_DAYS) * 24 * 3_600_000,
    agentBindings: new Map(bindings.filter(([, bound]) => bound !== undefined)),
    egress: {
      allowLoopback: env.HOPLINE_ALLOW_LOOPBACK === "1",
      own: { hosts: list(env.HOPLINE_OWN_HOSTS), port: env.HOPLINE_PORT ?? "443" },
    },
  };
}

function list(value: string | undefined): string[] {
  return (value ?? "").split(",").flatMap((item) => item.trim() || []);
}
