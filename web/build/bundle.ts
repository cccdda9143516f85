/**
 * Bundles the dashboard into a folder that the server hands out as it is: `index.html`, and under `assets/`
 * everything else, named by its content so that browsers keep it for good.
 */
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { compressAhead } from "./compress.ts";
import { renderPage } from "./page.ts";
import { strictStyles } from "./strict-styles.ts";

const SOURCES = join(import.meta.dir, "..");

interface Options {
  outdir: string;
  /** With `/dev/gallery`, readable code and source maps. */
  development: boolean;
}

interface Entry {
  name: string;
  path: string;
}

const bundle = async (entries: readonly Entry[], { outdir, development }: Options): Promise<Entry[]> => {
  const built = await Bun.build({
    entrypoints: entries.map(({ path }) => join(SOURCES, path)),
    outdir: join(outdir, "assets"),
    target: "browser",
    format: "esm",
    splitting: true,
    minify: !development,
    sourcemap: development ? "linked" : "none",
    naming: { entry: "[name]-[hash].[ext]", chunk: "part-[hash].[ext]", asset: "[name]-[hash].[ext]" },
    publicPath: "/assets/",
    define: { __DEVELOPMENT__: String(development), "process.env.NODE_ENV": '"production"' },
    conditions: ["browser"],
    plugins: [strictStyles],
  });
  if (!built.success) throw new AggregateError(built.logs, "the dashboard does not bundle");
  const made = built.outputs.filter(({ kind }) => kind !== "sourcemap").map(({ path }) => basename(path));
  return entries.flatMap(({ name, path }) => {
    const stem = basename(path).replace(/\.\w+$/, "");
    const ending = path.endsWith(".css") ? ".css" : ".js";
    const found = made.find((file) => file.startsWith(`${stem}-`) && file.endsWith(ending));
    return found === undefined ? [] : [{ name, path: `/assets/${found}` }];
  });
};

/** Its own name for a file that the bundler does not touch. */
const copyHashed = async (source: string, outdir: string): Promise<string> => {
  const bytes = await Bun.file(join(SOURCES, source)).bytes();
  const hash = Bun.hash(bytes).toString(36).slice(0, 8);
  const name = basename(source).replace(/(\.\w+)$/, `-${hash}$1`);
  await Bun.write(join(outdir, "assets", name), bytes);
  return `/assets/${name}`;
};

const IMPORT = /(?:\bfrom|\bimport)\s*"(\/assets\/[^"]+\.js)"/g;

/** What a script loads with itself, however deep; what it loads when asked for is not in it. */
export const importsOf = async (
  outdir: string,
  script: string,
  seen = new Set<string>(),
): Promise<string[]> => {
  const text = await Bun.file(join(outdir, script)).text();
  for (const [, path = ""] of text.matchAll(IMPORT)) {
    if (seen.has(path)) continue;
    seen.add(path);
    await importsOf(outdir, path, seen);
  }
  return [...seen];
};

const ENTRIES: Entry[] = [
  { name: "script", path: "main.ts" },
  { name: "early", path: "early.ts" },
  { name: "style", path: "styles/main.css" },
];

const writeAll = async (options: Options): Promise<void> => {
  const { outdir } = options;
  const entries = await bundle(ENTRIES, options);
  const pathOf = (name: string): string => {
    const entry = entries.find((one) => one.name === name);
    if (!entry) throw new Error(`the bundle lacks its ${name}`);
    return entry.path;
  };
  const script = pathOf("script");
  const page = renderPage({
    script,
    style: pathOf("style"),
    early: pathOf("early"),
    icon: await copyHashed("styles/icon.svg", outdir),
    preload: await importsOf(outdir, script),
  });
  await Bun.write(join(outdir, "index.html"), page);
  if (options.development) return;
  for (const name of await readdir(join(outdir, "assets"))) await compressAhead(join(outdir, "assets", name));
  await compressAhead(join(outdir, "index.html"));
};

/** Built aside and renamed in: a server that is reading never meets half of it. */
export const bundleDashboard = async ({ outdir, development }: Options): Promise<void> => {
  const target = resolve(outdir);
  const aside = join(dirname(target), `.${basename(target)}-${process.pid}`);
  await mkdir(aside, { recursive: true });
  try {
    await writeAll({ outdir: aside, development });
    await rm(target, { recursive: true, force: true });
    await rename(aside, target);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
};
