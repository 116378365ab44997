import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { buildConsole } from "./scripts/console.ts";

// The Worker imports what this makes.
buildConsole();

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "node",
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.do.test.ts", "test/**/*.e2e.test.ts", "test/**/*.patient.test.ts"],
          testTimeout: 60_000,
          maxWorkers: 2,
        },
      },
      {
        plugins: [
          cloudflareTest({
            main: "./test/support/worker.ts",
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                HOPLINE_ADMIN_KEY: "test-admin-key-test-admin-key-test-admin-key",
                HOPLINE_LEDGER_DIGITS: "0",
                HOPLINE_ALLOW_LOOPBACK: "1",
                HOPLINE_PORT: "8787",
                HOPLINE_AGENT_BINDINGS: "REVIEWER",
              },
              serviceBindings: { REVIEWER: { name: "hopline", entrypoint: "Reviewer" } },
            },
          }),
        ],
        test: { name: "workers", include: ["test/**/*.do.test.ts"], testTimeout: 30_000, maxWorkers: 2 },
      },
      {
        // End to end too, but they do nothing but wait: beside the tests of the rules they cost no time.
        test: {
          name: "patient",
          include: ["test/e2e/**/*.patient.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.e2e.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
