/**
 * Compiles the agent into one executable: `bun agent/build.ts [--outfile PATH]`. Prints its path, size
 * and SHA-256. The program must not read configuration of a directory it happens to be started in, so
 * Bun's own loading of `.env` and `bunfig.toml` is compiled off.
 */
import { mkdir, rename } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { parseFlags } from "./flags.ts";

const FLAGS = {
  outfile: { variable: "outfile", value: "PATH", help: "where to put it, dist/wrenn-agent" },
};

/** Built aside and renamed in: a running agent keeps the file it started from. Throws when it does not compile. */
const buildAgent = async (outfile: string): Promise<{ sizeBytes: number; sha256: string }> => {
  const directory = join(dirname(outfile), `.build-${process.pid}`);
  // Builds of the same sources are equal only under the same file name.
  const aside = join(directory, basename(outfile));
  await mkdir(directory, { recursive: true });
  const child = Bun.spawn(
    [
      process.execPath,
      "build",
      "--compile",
      "--minify",
      "--bytecode",
      "--format=esm",
      "--no-compile-autoload-dotenv",
      "--no-compile-autoload-bunfig",
      `--outfile=${aside}`,
      join(import.meta.dir, "main.ts"),
    ],
    { stdout: "ignore", stderr: "inherit", cwd: join(import.meta.dir, "..") },
  );
  if ((await child.exited) !== 0) throw new Error("the agent does not compile");
  await rename(aside, outfile);
  await Bun.$`rm -rf ${directory}`.quiet();
  const file = Bun.file(outfile);
  const hash = new Bun.CryptoHasher("sha256");
  for await (const chunk of file.stream()) hash.update(chunk);
  return { sizeBytes: file.size, sha256: hash.digest("hex") };
};

const { outfile = "dist/wrenn-agent" } = parseFlags(process.argv.slice(2), FLAGS);
const path = resolve(outfile);
const { sizeBytes, sha256 } = await buildAgent(path);
process.stdout.write(`${path}  ${(sizeBytes / 2 ** 20).toFixed(1)} MB  sha256 ${sha256}\n`);
