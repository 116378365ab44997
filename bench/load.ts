/**
 * The load generator: a process of its own, so that its work stands in nobody's account. Each connection sends its next
 * request when it has the answer to the last one. It speaks just enough HTTP to cost little beside what it measures.
 */
import { connect, type Socket } from "node:net";

export interface Order {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly ms: number;
}

export interface Done {
  readonly requests: number;
  /** From the first request to the last answer. */
  readonly ms: number;
  /** Why it was given up. */
  readonly error?: string;
}

function requestOf({ port, path, headers, body }: Order): Buffer {
  const fields = { host: `127.0.0.1:${port}`, "content-length": String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
}

/** Whether `received`, as latin1 so that characters are bytes, is a whole answer. @throws when it is not a 200 */
function isWhole(received: string): boolean {
  const head = received.indexOf("\r\n\r\n");
  if (head < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(received.slice(0, head + 2))?.[1];
  const whole = length === undefined ? received.endsWith("0\r\n\r\n") : received.length >= head + 4 + Number(length);
  if (whole && !received.startsWith("HTTP/1.1 200 ")) throw new Error(`A request failed: ${received.slice(0, 2_000)}`);
  return whole;
}

/** @returns how many requests were answered until `endsAt` */
function closedLoop(order: Order, endsAt: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = requestOf(order);
    const socket: Socket = connect(order.port, "127.0.0.1", () => socket.write(request));
    let requests = 0;
    let received = "";
    socket.setNoDelay(true).setEncoding("latin1");
    socket.on("error", reject).on("close", () => reject(new Error("The server closed a connection.")));
    socket.on("data", (chunk: string) => {
      try {
        received += chunk;
        if (!isWhole(received)) return;
      } catch (error) {
        socket.destroy();
        return reject(error);
      }
      received = "";
      requests += 1;
      if (performance.now() < endsAt) return void socket.write(request);
      socket.removeAllListeners("close").destroy();
      resolve(requests);
    });
  });
}

async function drive(order: Order): Promise<Done> {
  const begin = performance.now();
  try {
    const loops = Array.from({ length: order.connections }, () => closedLoop(order, begin + order.ms));
    const requests = (await Promise.all(loops)).reduce((sum, count) => sum + count, 0);
    return { requests, ms: performance.now() - begin };
  } catch (error) {
    return { requests: 0, ms: 0, error: error instanceof Error ? error.message : String(error) };
  }
}

process.on("message", (order: Order) => void drive(order).then((done) => process.send?.(done)));
process.on("disconnect", () => process.exit());
