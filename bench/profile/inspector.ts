/** Speaks to workerd's inspector: the DevTools protocol over a WebSocket, which profiles the isolate that runs the mesh. */

export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  /** From 0; −1 for what has no JavaScript. */
  readonly lineNumber: number;
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly children?: readonly number[];
}

/** What a `.cpuprofile` file holds. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Ids of nodes: where each sample found the thread. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** A command that is not answered by then never will be. */
const TIMEOUT_MS = 60_000;

interface Answer {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}

export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  #commands = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#take(JSON.parse(String(data)) as Answer));
    socket.addEventListener("close", () => this.#giveUp(new Error("workerd has closed its inspector.")));
  }

  /** @param port where workerd was told to have its inspector */
  static async connect(port: number): Promise<Inspector> {
    const response = await fetch(`http://127.0.0.1:${port}/json`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const [target] = (await response.json()) as { webSocketDebuggerUrl: string }[];
    if (target === undefined) throw new Error("workerd's inspector knows no isolate.");
    const socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise<void>((done, fail) => {
      socket.addEventListener("open", () => done(), { once: true });
      socket.addEventListener("error", () => fail(new Error("workerd's inspector can't be reached.")), { once: true });
    });
    return new Inspector(socket);
  }

  /** Samples the isolate while `work` is done. */
  async profile(intervalMicros: number, work: () => Promise<void>): Promise<CpuProfile> {
    await this.#send("Profiler.enable");
    await this.#send("Profiler.setSamplingInterval", { interval: intervalMicros });
    await this.#send("Profiler.start");
    await work();
    const { profile } = (await this.#send("Profiler.stop")) as { profile: CpuProfile };
    return profile;
  }

  /** Bytes of JavaScript's heap that are in use once what nobody holds is gone. */
  async heapBytes(): Promise<number> {
    await this.#send("HeapProfiler.enable");
    await this.#send("HeapProfiler.collectGarbage");
    const { usedSize } = (await this.#send("Runtime.getHeapUsage")) as { usedSize: number };
    return usedSize;
  }

  close(): void {
    this.#socket.close();
  }

  async #send(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = ++this.#commands;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.#socket.send(JSON.stringify({ id, method, params }));
    const timer = setTimeout(() => this.#giveUp(new Error(`${method} was not answered.`)), TIMEOUT_MS);
    return promise.finally(() => clearTimeout(timer));
  }

  #take({ id = 0, result, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error.message));
  }

  #giveUp(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
