/** How large the Worker is that a deployment uploads. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "../../scripts/serve/build.ts";
import { bytesByOrigin } from "../profile/modules.ts";

export interface BundleSize {
  readonly bytes: number;
  readonly gzipBytes: number;
  /** Largest first. */
  readonly origins: readonly { readonly origin: string; readonly bytes: number }[];
}

export function bundleSize(): BundleSize {
  const bundle = readFileSync(build());
  return {
    bytes: bundle.byteLength,
    gzipBytes: gzipSync(bundle, { level: 9 }).byteLength,
    origins: bytesByOrigin(bundle.toString("utf8")),
  };
}
