/** The agent's executable as this server gives it out, with its digest. */
import { stat } from "node:fs/promises";

export interface AgentExecutable {
  path: string;
  sizeBytes: number;
  /** In hex. */
  sha256: string;
}

const digestOf = async (path: string): Promise<string> => {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of Bun.file(path).stream()) hasher.update(chunk);
  return hasher.digest("hex");
};

/** Reads the file once for each version of it, the first time before anybody asks. */
export class AgentDownload {
  #known: { version: string; executable: Promise<AgentExecutable> } | null = null;

  /** @param path null: this server gives out none. */
  constructor(private readonly path: string | null) {
    void this.find();
  }

  /** Null when there is no such file. */
  async find(): Promise<AgentExecutable | null> {
    const { path } = this;
    const stats = path === null ? null : await stat(path).catch(() => null);
    if (path === null || !stats?.isFile()) return null;
    const version = `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
    if (this.#known?.version !== version) {
      const executable = digestOf(path).then((sha256) => ({ path, sizeBytes: stats.size, sha256 }));
      this.#known = { version, executable };
    }
    return this.#known.executable.catch(() => {
      // It went while it was read.
      this.#known = null;
      return null;
    });
  }
}
