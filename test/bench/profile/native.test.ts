import { expect, it } from "vitest";
import { foldNative } from "../../../bench/profile/native.ts";

const WORKERD = "(/somewhere/bin/workerd)";

it("a sample is where its innermost function is; the kernel's, what the system call is for", () => {
  const shares = foldNative(`
\t 49135eb Builtins_JSEntry ${WORKERD}
\t 4c95554 v8::internal::(anonymous namespace)::Invoke ${WORKERD}

\t 55f998cf [unknown] (/tmp/perf-6811.map)
\t 49135eb Builtins_JSEntry ${WORKERD}

\t 123 sqlite3VdbeExec ${WORKERD}

\tffffffff81 jbd2_log_wait_commit ([kernel.kallsyms])
\tffffffff82 __x64_sys_fsync ([kernel.kallsyms])
\t 123 sqlite3PagerCommit ${WORKERD}

\tffffffff81 copy_to_user+0x12 ([kernel.kallsyms])
\tffffffff82 __x64_sys_pwrite64+0x7 ([kernel.kallsyms])

\t 99 v8::internal::Scavenger::ScavengeObject<v8::internal::Slot> ${WORKERD}
`);
  expect(Object.fromEntries(shares.map(({ name, samples }) => [name, samples]))).toEqual({
    "V8: built-in functions, promises": 1,
    "JavaScript, compiled": 1,
    SQLite: 1,
    "kernel: fsync": 1,
    "kernel: files": 1,
    "V8: garbage collection": 1,
  });
});

it("what is no sample is not counted", () => {
  expect(foldNative("\n\nperf: something was lost\n\n")).toEqual([]);
});
