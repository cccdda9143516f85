/** The committed (or about to be committed) files of the project and what each module imports. */
import { dirname, join, normalize } from "node:path";

import ts from "typescript";

export const PROJECT_ROOT = join(import.meta.dir, "..", "..");

const fromGit = (): string[] | null => {
  if (Bun.which("git") === null) return null;
  const listed = Bun.spawnSync(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: PROJECT_ROOT,
  });
  return listed.success ? listed.stdout.toString().split("\0").filter(Boolean) : null;
};

/** For a tree without its repository: everything but what is installed or built. */
const fromDisk = (): string[] =>
  [...new Bun.Glob("**/*").scanSync({ cwd: PROJECT_ROOT, dot: true })].filter(
    (path) => !/^(?:\.git|dist)\/|(?:^|\/)node_modules\//.test(path),
  );

/** Non-empty files, relative to the root: those in git, and new ones that are not ignored. */
export const listProjectFiles = (): string[] =>
  (fromGit() ?? fromDisk()).filter((path) => Bun.file(join(PROJECT_ROOT, path)).size > 0);

export interface ModuleImports {
  /** Relative to the root. */
  path: string;
  /** Project modules, types-only imports included, relative to the root. */
  modules: string[];
  /** The same without types-only imports. */
  runtimeModules: string[];
  /** Specifiers that are not relative: packages and `node:` modules. */
  packages: string[];
}

const isRelative = (specifier: string): boolean => specifier.startsWith(".");

export const readImports = async (path: string): Promise<ModuleImports> => {
  const source = await Bun.file(join(PROJECT_ROOT, path)).text();
  const all = ts.preProcessFile(source, true, true).importedFiles.map((file) => file.fileName);
  // The transpiler leaves types-only imports out.
  const runtime = new Bun.Transpiler({ loader: "ts" }).scanImports(source).map((found) => found.path);
  const resolve = (specifier: string): string => normalize(join(dirname(path), specifier));
  return {
    path,
    modules: all.filter(isRelative).map(resolve),
    runtimeModules: runtime.filter(isRelative).map(resolve),
    packages: all.filter((specifier) => !isRelative(specifier)),
  };
};
