/** The configuration of bare workerd: one Worker, its objects on local disk, a network that reaches what it may. */

export interface WorkerdOptions {
  readonly host: string;
  readonly port: number;
  /** Folder of the objects' databases. */
  readonly state: string;
  /** Whether agents on loopback may be reached: only where the mesh itself listens on loopback. */
  readonly allowLoopback: boolean;
  /** Further names by which the mesh is reached, with commas between. */
  readonly ownHosts?: string | undefined;
  /** Objects by binding; those of wrangler.toml by default. */
  readonly objects?: Readonly<Record<string, string>>;
  /** Further settings of the Worker, as text. */
  readonly settings?: Readonly<Record<string, string>>;
}

const OBJECTS = {
  REGISTRY: "Registry",
  LEDGER: "Ledger",
  INDEX: "MeshIndex",
  MCP_SESSION: "McpSession",
  TASKS: "TaskDesk",
};

/** Cap'n Proto text; `index.js` is expected beside the file. The admin key is read from the environment, not written. */
export function workerdConfig(options: WorkerdOptions): string {
  const { host, port, state, allowLoopback, objects = OBJECTS } = options;
  const classes = Object.values(objects).map(
    (name) => `(className = "${name}", uniqueKey = "hopline-${name}", enableSql = true)`,
  );
  const bindings = Object.entries(objects).map(
    ([binding, name]) => `(name = "${binding}", durableObjectNamespace = "${name}")`,
  );
  const texts = {
    HOPLINE_LEDGER_DIGITS: "0",
    HOPLINE_ALLOW_LOOPBACK: allowLoopback ? "1" : "0",
    HOPLINE_OWN_HOSTS: [host, options.ownHosts ?? ""].join(","),
    HOPLINE_PORT: String(port),
    ...options.settings,
  };
  const settings = Object.entries(texts).map(([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`);
  const allow = allowLoopback ? `["public", "local"]` : `["public"]`;
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "hopline", worker = .hopline),
    (name = "disk", disk = (path = ${JSON.stringify(state)}, writable = true)),
    (name = "network", network = (allow = ${allow}, tlsOptions = (trustBrowserCas = true)))
  ],
  sockets = [(name = "http", address = ${JSON.stringify(address)}, http = (), service = "hopline")]
);

const hopline :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "index.js")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["enable_abortsignal_rpc"],
  globalOutbound = "network",
  durableObjectNamespaces = [${classes.join(", ")}],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    ${[...bindings, ...settings, '(name = "HOPLINE_ADMIN_KEY", fromEnvironment = "HOPLINE_ADMIN_KEY")'].join(",\n    ")}
  ]
);
`;
}
