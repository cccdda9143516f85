/** The built dashboard in memory: a few hundred kilobytes, read once for each build. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export type Encoding = "br" | "gzip";

export interface DashboardFile {
  type: string;
  /** Of its content. */
  etag: string;
  plain: Uint8Array<ArrayBuffer>;
  packed: Partial<Record<Encoding, Uint8Array<ArrayBuffer>>>;
}

interface Build {
  version: string;
  index: DashboardFile;
  /** By name in `assets/`. */
  assets: ReadonlyMap<string, DashboardFile>;
}

const TYPES: Record<string, string> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  json: "application/json",
  map: "application/json",
  png: "image/png",
  svg: "image/svg+xml",
  woff2: "font/woff2",
};

const isPacked = (name: string): boolean => /\.(?:br|gz)$/.test(name);

const readIfThere = async (path: string): Promise<Uint8Array<ArrayBuffer> | undefined> => {
  const file = Bun.file(path);
  return (await file.exists()) ? file.bytes() : undefined;
};

const readFile = async (path: string): Promise<DashboardFile> => {
  const plain = await Bun.file(path).bytes();
  const [br, gzip] = await Promise.all([readIfThere(`${path}.br`), readIfThere(`${path}.gz`)]);
  const ending = path.slice(path.lastIndexOf(".") + 1);
  return {
    type: TYPES[ending] ?? "application/octet-stream",
    etag: `"${Bun.hash(plain).toString(36)}"`,
    plain,
    packed: { br, gzip },
  };
};

const readBuild = async (directory: string, version: string): Promise<Build> => {
  const names = (await readdir(join(directory, "assets"))).filter((name) => !isPacked(name));
  const assets = await Promise.all(
    names.map(async (name) => [name, await readFile(join(directory, "assets", name))] as const),
  );
  return { version, index: await readFile(join(directory, "index.html")), assets: new Map(assets) };
};

export class DashboardFiles {
  #build: Promise<Build> | null = null;
  #version = "";

  /** @param directory as `bun web/build.ts` makes it; null: this server has no dashboard. */
  constructor(private readonly directory: string | null) {}

  /** The page; null without a dashboard. Looks whether there is a newer build. */
  async index(): Promise<DashboardFile | null> {
    return (await this.#current())?.index ?? null;
  }

  async asset(name: string): Promise<DashboardFile | null> {
    return (await this.#current())?.assets.get(name) ?? null;
  }

  async #current(): Promise<Build | null> {
    const { directory } = this;
    if (directory === null) return null;
    const stats = await stat(join(directory, "index.html")).catch(() => null);
    // While a build is renamed in, the one before goes on.
    const version = stats === null ? this.#version : `${stats.ino} ${stats.mtimeMs}`;
    if (version === "") return null;
    if (this.#build === null || version !== this.#version) {
      this.#version = version;
      this.#build = readBuild(directory, version);
      this.#build.catch(() => {
        this.#build = null;
      });
    }
    return this.#build;
  }
}
