/**
 * A root directory with the files of some Debian packages, of what they depend on and of the essential ones,
 * and with nothing else: copied from this machine, where they are installed, so that it costs seconds.
 */
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";

import { run } from "../../agent/system/exec.ts";

interface Installed {
  name: string;
  isEssential: boolean;
  /** Each needs one of its names. */
  needs: string[][];
  provides: string[];
}

const FIELDS = ["Package", "Essential", "Pre-Depends", "Depends", "Provides"];

/** `a (>= 1) | b:any, c` as names. */
const namesOf = (text: string): string[][] =>
  text
    .split(",")
    .map((one) => one.split("|").flatMap((name) => /^[a-z0-9][a-z0-9+.-]*/.exec(name.trim())?.[0] ?? []))
    .filter((names) => names.length > 0);

const readInstalled = async (): Promise<Installed[]> => {
  const format = `${FIELDS.map((field) => `\${${field}}`).join("\t")}\n`;
  const lines = (await run(["dpkg-query", "--show", `--showformat=${format}`])).trim().split("\n");
  return lines.map((line) => {
    const [name = "", essential, before = "", needs = "", provides = ""] = line.split("\t");
    return {
      name,
      isEssential: essential === "yes",
      needs: namesOf(`${before},${needs}`),
      provides: namesOf(provides).flat(),
    };
  });
};

/** Throws when one of `wanted` is not installed here. */
const closureOf = async (wanted: string[]): Promise<string[]> => {
  const installed = await readInstalled();
  const byName = new Map(
    installed.flatMap((one) => [...one.provides, one.name].map((name) => [name, one] as const)),
  );
  const found = new Map<string, Installed>();
  const add = (one: Installed): void => {
    if (found.has(one.name)) return;
    found.set(one.name, one);
    for (const names of one.needs) {
      const provider = names.map((name) => byName.get(name)).find((candidate) => candidate !== undefined);
      if (provider !== undefined) add(provider);
    }
  };
  for (const name of wanted) {
    const one = byName.get(name);
    if (one === undefined) throw new Error(`the package ${name} is not installed on this machine`);
    add(one);
  }
  for (const one of installed) if (one.isEssential) add(one);
  return [...found.keys()];
};

/** Apt is there too, as on every Debian. */
export const makeBareRoot = async (root: string, packages: string[]): Promise<void> => {
  for (const name of [
    "dev",
    "proc",
    "sys",
    "tmp",
    "run",
    "root",
    "var/lib/apt",
    "var/cache/apt/archives/partial",
  ]) {
    await mkdir(join(root, name), { recursive: true });
  }
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    await mkdir(join(root, "usr", name), { recursive: true });
    await symlink(`usr/${name}`, join(root, name));
  }
  const names = await closureOf([...packages, "apt", "libc-bin"]);
  const files = (await run(["dpkg-query", "--listfiles", ...names]))
    .split("\n")
    .filter((path) => path.startsWith("/") && !/^\/(\.|usr\/share\/(doc|man|locale)\/|etc\/)/.test(path));
  const list = join(root, "files");
  await Bun.write(list, `${[...new Set(files)].join("\n")}\n`);
  // Settings are made by the packages' scripts, which do not run here: taken as they are.
  const copy = `tar --create --no-recursion --ignore-failed-read --directory=/ --files-from=${list} 2>/dev/null |
    tar --extract --keep-directory-symlink --directory=${root}; cp --archive /etc ${root}/; rm ${list}`;
  await run(["sh", "-c", copy], { timeoutMs: 300_000 });
};
