/**
 * Builds the dashboard: `bun web/build.ts [--outdir PATH] [--development] [--watch]`. The development build
 * has `/dev/gallery` and readable code; with `--watch` it is built again whenever a source changes.
 */
import { watch } from "node:fs";
import { parseArgs } from "node:util";

import { bundleDashboard } from "./build/bundle.ts";

const {
  outdir,
  development,
  watch: stays,
} = parseArgs({
  options: {
    outdir: { type: "string", default: "dist/web" },
    development: { type: "boolean", default: false },
    watch: { type: "boolean", default: false },
  },
}).values;

const build = async (): Promise<void> => {
  const startedAt = performance.now();
  await bundleDashboard({ outdir, development });
  console.log(`${outdir} built in ${Math.round(performance.now() - startedAt)} ms`);
};

await build();
if (stays) {
  let next: Timer | undefined;
  watch(import.meta.dir, { recursive: true }, () => {
    clearTimeout(next);
    // An editor saves in several writes.
    next = setTimeout(() => void build().catch((error: unknown) => console.error(error)), 50);
  });
}
