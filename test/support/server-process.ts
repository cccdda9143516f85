/** The server as the process that operators run: killed, started again, put over another database. */
import { join } from "node:path";

import { freePort } from "./free-port.ts";
import { waitFor } from "./wait-for.ts";

const START_MS = 30_000;
const STOP_MS = 30_000;

export class ServerProcess implements AsyncDisposable {
  #process: Bun.Subprocess | null = null;

  private constructor(
    readonly url: string,
    private readonly env: Record<string, string>,
  ) {}

  /** On a port that stays the same however often it is started; without rate limits unless `env` sets some. */
  static async start(databaseUrl: string, env: Record<string, string> = {}): Promise<ServerProcess> {
    const listen = env["WRENN_LISTEN"] ?? `127.0.0.1:${await freePort()}`;
    const scheme = env["WRENN_TLS_CERT"] === undefined ? "http" : "https";
    const server = new ServerProcess(`${scheme}://${listen}`, {
      WRENN_LISTEN: listen,
      WRENN_MONITOR_MS: "300",
      WRENN_RATE_LIMITS: "off",
      ...env,
    });
    await server.launch(databaseUrl);
    return server;
  }

  /** Of the running process. Throws when there is none. */
  get pid(): number {
    if (this.#process === null) throw new Error("the server does not run");
    return this.#process.pid;
  }

  /** Resolves when it serves and its database answers. */
  async launch(databaseUrl: string): Promise<void> {
    const child = Bun.spawn([process.execPath, "--no-env-file", "server/main.ts"], {
      cwd: join(import.meta.dir, "../.."),
      env: { ...process.env, ...this.env, DATABASE_URL: databaseUrl },
      stdin: "ignore",
      stdout: "ignore",
      stderr: process.env["WRENN_TEST_LOG"] === "1" ? "inherit" : "ignore",
    });
    this.#process = child;
    const ready = async (): Promise<boolean> => {
      if (child.exitCode !== null) throw new Error(`the server ended with exit code ${child.exitCode}`);
      return fetch(`${this.url}/ready`, { tls: { rejectUnauthorized: false } }).then(
        ({ ok }) => ok,
        () => false,
      );
    };
    await waitFor("the server is ready", ready, START_MS);
  }

  /** As by a power cut. */
  async crash(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.exited;
    this.#process = null;
  }

  /** An orderly stop: requests under way end. */
  async stop(): Promise<void> {
    const running = this.#process;
    running?.kill("SIGTERM");
    const ended = () => running === null || running.exitCode !== null || running.signalCode !== null;
    await waitFor("the server stops", ended, STOP_MS);
    this.#process = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash();
  }
}
