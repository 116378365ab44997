/** What perf sees of a process, folded by area: beneath JavaScript as well, where V8's own profile says "(program)". */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
export interface Sampled {
  readonly name: string;
  readonly samples: number;
}

/** Odd, so that it does not run in step with anything. */
const SAMPLES_PER_SECOND = 499;
/** A stack has dozens of frames. */
const TEXT_BYTES = 2 ** 29;

/**
 * Samples a process from outside, with its kernel's share.
 * @param folder where the samples may be kept meanwhile
 * @throws {Error} where there is no perf, or it may not look
 */
export async function sampleNative(pid: number, seconds: number, folder: string): Promise<readonly Sampled[]> {
  const file = join(folder, "perf.data");
  const record = ["record", "-F", String(SAMPLES_PER_SECOND), "-g", "-p", String(pid), "-o", file, "--"];
  await run("perf", [...record, "sleep", String(seconds)]);
  const { stdout } = await run("perf", ["script", "-i", file, "-F", "ip,sym,dso"], { maxBuffer: TEXT_BYTES });
  return foldNative(stdout);
}

/** By the name of the innermost function; the first that fits. */
const AREAS: readonly (readonly [RegExp, string])[] = [
  [
    /sqlite|^(?:vdbe|btree|balance|pager|wal|pcache|pthreadMutex|getPage|moveTo|page[A-Z]|subjournal|jsonParse)/i,
    "SQLite",
  ],
  [/Scaveng|MarkCompact|Marking|Sweep|Evacuat|Worklist|cppgc|WeakHandles|PointersUpdating/, "V8: garbage collection"],
  [/Value(?:S|Des)erializer/, "V8: values copied for RPC"],
  [/Json/, "V8: JSON"],
  [/Builtins_/, "V8: built-in functions, promises"],
  [/v8::|^_ZN2v8|icu_|simdutf/, "V8: runtime, objects and strings of the API"],
  [/jsg/, "workerd: between JavaScript and C++"],
  [/capnp/, "Cap'n Proto: RPC"],
  [/kj_hyper|hyper::|tokio|^mio|http::|futures_util|^core::|^alloc::|__rustc|rust/, "workerd: HTTP server (Rust)"],
  [/kj::/, "KJ: promises, event loop, text"],
  [/workerd/, "workerd: the rest"],
  [/tcmalloc|^operator (?:new|delete)|malloc|free$/i, "allocation"],
  [/^(?:EVP|ED25519|SHA|sha|x25519|bn_|ec_|fiat_|CRYPTO|RAND|ge_|fe_|sc_)/, "crypto"],
];

/** System calls by what they are for. */
const CALLS: readonly (readonly [RegExp, string])[] = [
  [/fsync|fdatasync/, "kernel: fsync"],
  [/pwrite|pread|ftruncate|fcntl|openat|unlink|stat|lseek|close/, "kernel: files"],
  [/send|recv|write|read|accept|connect|shutdown|socket|ioctl/, "kernel: sockets and pipes"],
  [/epoll|poll|futex|nanosleep|sched|timer|eventfd/, "kernel: waiting and waking"],
  [/mmap|munmap|madvise|mprotect|brk/, "kernel: memory"],
];

interface Frame {
  readonly symbol: string;
  readonly object: string;
}

const FRAME = /^\s*[0-9a-f]+ (.*?)(?:\+0x[0-9a-f]+)? \((.*)\)$/;

function areaOf(frames: readonly Frame[]): string {
  const [leaf] = frames;
  if (leaf === undefined) return "unknown";
  if (leaf.object.includes("kernel")) {
    const call = frames
      .map(({ symbol }) => /^__x64_sys_(\w+)|^__do_sys_(\w+)/.exec(symbol))
      .find((found) => found !== null);
    const name = call?.[1] ?? call?.[2] ?? "";
    return CALLS.find(([pattern]) => pattern.test(name))?.[1] ?? "kernel: interrupts and the rest";
  }
  if (/\[JIT\]|perf-\d+\.map|\/\/anon|\[unknown\]|^anon_inode/.test(leaf.object)) return "JavaScript, compiled";
  return AREAS.find(([pattern]) => pattern.test(leaf.symbol))?.[1] ?? (leaf.object.includes("libc") ? "libc" : "other");
}

/** @param script what `perf script -F ip,sym,dso` prints: a sample's frames, innermost first, then an empty line */
export function foldNative(script: string): readonly Sampled[] {
  const areas = new Map<string, number>();
  for (const sample of script.split(/\n\s*\n/)) {
    const frames = sample.split("\n").flatMap((line) => {
      const [, symbol, object] = FRAME.exec(line) ?? [];
      return symbol === undefined || object === undefined ? [] : [{ symbol, object }];
    });
    if (frames.length === 0) continue;
    const area = areaOf(frames);
    areas.set(area, (areas.get(area) ?? 0) + 1);
  }
  return [...areas].map(([name, samples]) => ({ name, samples })).toSorted((a, b) => b.samples - a.samples);
}
