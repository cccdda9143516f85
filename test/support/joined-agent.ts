/** A real agent that joined a real server the way an operator's does: host, token, register, run. */
import { createLayout } from "../../agent/images/layout.ts";
import type { HostLink } from "../../server/up/links/plan.ts";
import { agentExecutable, directoryWithMinimal, removeDirectory } from "./agent-directory.ts";
import { buildMinimal } from "./agent.ts";
import { freePort } from "./free-port.ts";
import { call } from "./server.ts";
import { waitFor } from "./wait-for.ts";

const JOIN_MS = 60_000;
const STOP_MS = 30_000;

interface HostBody {
  id: string;
  status: string;
  reachable: boolean;
  templates: string[];
}

export interface JoinOptions {
  serverUrl: string;
  /** Of a platform admin, or of whoever adds hosts for a team of their own. */
  token: string;
  /** Asked for beside the name. @default {a host of the platform} */
  wanted?: { type: "byoc" };
  /** @default {"this machine"} */
  name?: string;
  /** The network namespace it lives in, where it serves HTTPS. @default this machine's own, on loopback */
  link?: HostLink;
  /** Added to the agent's environment. */
  env?: Record<string, string>;
  /** What the agent is started through, such as unshare. It must become the agent, not its parent. */
  launcher?: string[];
}

export class JoinedAgent {
  #process: Bun.Subprocess | null = null;
  /** `address:port`. */
  #listen = "";

  private constructor(
    readonly hostId: string,
    readonly directory: string,
    private readonly executable: string,
    private readonly options: JoinOptions,
  ) {}

  /** Resolves when the server can put sandboxes of `minimal` on it. */
  static async join(options: JoinOptions): Promise<JoinedAgent> {
    const { serverUrl, token } = options;
    const executable = await agentExecutable();
    const directory = await directoryWithMinimal("joined", executable, (fresh) =>
      buildMinimal(fresh, executable),
    );
    const made = await call<{ host: HostBody; registration: { token: string } }>(serverUrl, "/v1/hosts", {
      token,
      body: { name: options.name ?? "this machine", ...options.wanted },
    });
    if (made.status !== 201) throw new Error(`no host: ${JSON.stringify(made.body)}`);
    const agent = new JoinedAgent(made.body.host.id, directory, executable, options);
    try {
      agent.#listen = options.link?.listen ?? `127.0.0.1:${await freePort()}`;
      await agent.#register(made.body.registration.token);
      await agent.launch();
    } catch (error) {
      await agent[Symbol.asyncDispose]();
      throw error;
    }
    return agent;
  }

  /** Where it listens, which the server alone is meant to know. */
  get url(): string {
    return `${this.options.link === undefined ? "http" : "https"}://${this.#listen}`;
  }

  /** Where the agent looks for the server. */
  get #server(): string {
    const { link, serverUrl } = this.options;
    return link === undefined ? serverUrl : `http://${link.machineAddress}:${new URL(serverUrl).port}`;
  }

  get #launcher(): string[] {
    return [...(this.options.link?.launcher ?? []), ...(this.options.launcher ?? [])];
  }

  get pid(): number {
    if (this.#process === null) throw new Error("the agent does not run");
    return this.#process.pid;
  }

  /** Starts it (again) and waits until it is online and reachable. */
  async launch(): Promise<void> {
    this.spawn();
    await this.online();
  }

  /** Starts it (again) without waiting for anything. */
  spawn(): void {
    this.#process = Bun.spawn([...this.#launcher, this.executable, "run"], {
      env: this.#env(),
      stdin: "ignore",
      stdout: "ignore",
      stderr: process.env["WRENN_TEST_LOG"] === "1" ? "inherit" : "ignore",
    });
  }

  /** What an agent says that is started with `env` and ends by itself. */
  async refusal(env: Record<string, string>, launcher: string[] = []): Promise<string> {
    const child = Bun.spawn([...launcher, this.executable, "run"], {
      env: { ...this.#env(), ...env },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      timeout: JOIN_MS,
    });
    const words = await new Response(child.stderr).text();
    if ((await child.exited) === 0 || child.signalCode !== null)
      throw new Error(`it did not refuse: ${words}`);
    return words;
  }

  /** Resolves when the server can use it. */
  async online(): Promise<void> {
    const { serverUrl, token } = this.options;
    // The server may still believe in the process before.
    const listens = () =>
      fetch(this.url, { tls: { rejectUnauthorized: false } }).then(
        () => true,
        () => false,
      );
    await waitFor("the agent listens", listens, JOIN_MS);
    const ready = async (): Promise<boolean> => {
      const { body } = await call<HostBody>(serverUrl, `/v1/hosts/${this.hostId}`, { token });
      return body.status === "online" && body.reachable && body.templates.includes("minimal");
    };
    await waitFor("the host is online", ready, JOIN_MS);
  }

  /** Resolves when it has ended by itself. */
  async ended(timeoutMs: number): Promise<void> {
    const running = this.#process;
    const isOver = () => running === null || running.exitCode !== null || running.signalCode !== null;
    await waitFor("the agent ends", isOver, timeoutMs);
    this.#process = null;
  }

  /** An orderly stop; its sandboxes go on. */
  async stop(): Promise<void> {
    this.#process?.kill("SIGTERM");
    const running = this.#process;
    await waitFor("the agent stops", () => running === null || running.exitCode !== null, STOP_MS);
    this.#process = null;
  }

  /** As by a power cut; its sandboxes go on. */
  async crash(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.exited;
    this.#process = null;
  }

  /** Ends it with its sandboxes and removes every trace of them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.crash();
    await removeDirectory(this.directory);
  }

  async #register(registrationToken: string): Promise<void> {
    const child = Bun.spawn(
      [
        ...this.#launcher,
        this.executable,
        "register",
        "--server",
        this.#server,
        "--token",
        registrationToken,
      ],
      {
        env: { ...this.#env(), ...(this.options.link === undefined && { WRENN_ADDRESS: this.url }) },
        stdin: "ignore",
        stdout: "ignore",
        stderr: "pipe",
      },
    );
    const complaints = await new Response(child.stderr).text();
    if ((await child.exited) !== 0) throw new Error(`the agent did not register: ${complaints}`);
  }

  #env(): Record<string, string> {
    return {
      PATH: process.env["PATH"] ?? "",
      WRENN_DIR: createLayout(this.directory).root,
      // On a machine of its own it finds out by itself.
      ...(this.options.link === undefined && { WRENN_AGENT_LISTEN: this.#listen }),
      WRENN_HEARTBEAT_MS: "500",
      ...this.options.env,
    };
  }
}
