/** A real agent process without a server: the test holds the server's key and calls it directly. */
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";

import { writeCredentials } from "../../agent/control/credentials.ts";
import { createLayout } from "../../agent/images/layout.ts";
import { HostService } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatHostId, newId, ZERO_UUID } from "../../proto/ids.ts";
import { agentExecutable, directoryWithMinimal, removeDirectory } from "./agent-directory.ts";
import { waitFor } from "./wait-for.ts";

const START_MS = 60_000;
const STOP_MS = 60_000;
const BUILD_MS = 15 * 60_000;

export interface TestAgentOptions {
  /** An existing WRENN_DIR; absent: a fresh one that holds `minimal`. */
  directory?: string;
  /** @default {the one of this run} */
  executable?: string;
  /** Added to the agent's environment. */
  env?: Record<string, string>;
  /** Where heartbeats go. @default {a port nobody listens on} */
  serverUrl?: string;
  /** What the agent is started through, such as setpriv. It must become the agent, not its parent. */
  launcher?: string[];
}

interface Identity {
  hostId: string;
  privateKey: CryptoKey;
  publicKey: JWK;
}

const makeIdentity = async (): Promise<Identity> => {
  const { privateKey, publicKey } = await generateKeyPair("EdDSA", { extractable: true });
  return { hostId: newId(), privateKey, publicKey: await exportJWK(publicKey) };
};

export class TestAgent {
  /** Lines of the log, parsed, of all processes so far. */
  readonly logs: Record<string, unknown>[] = [];
  /** `http://127.0.0.1:PORT` of the running process. */
  url = "";
  #process: Bun.Subprocess | null = null;

  private constructor(
    readonly directory: string,
    readonly executable: string,
    readonly identity: Identity,
    readonly env: Record<string, string>,
    readonly launcher: string[],
  ) {}

  static async start(options: TestAgentOptions = {}): Promise<TestAgent> {
    const executable = options.executable ?? (await agentExecutable());
    const directory =
      options.directory ??
      (await directoryWithMinimal("agent", executable, (empty) => buildMinimal(empty, executable)));
    const identity = await makeIdentity();
    await writeCredentials(createLayout(directory).credentialsFile, {
      host_id: formatHostId(identity.hostId),
      server_url: options.serverUrl ?? "http://127.0.0.1:9",
      token: "none",
      refresh_token: "none",
      server_public_key: identity.publicKey,
      instance_id: ZERO_UUID,
      address: "http://127.0.0.1:0",
      tls_cert: null,
      tls_key: null,
    });
    const agent = new TestAgent(directory, executable, identity, options.env ?? {}, options.launcher ?? []);
    try {
      await agent.launch();
    } catch (error) {
      await agent.#abandon(options.directory === undefined);
      throw error;
    }
    return agent;
  }

  get pid(): number {
    if (this.#process === null) throw new Error("the agent does not run");
    return this.#process.pid;
  }

  /** Starts the process (again) and waits until it serves. */
  async launch(): Promise<void> {
    const seen = this.logs.length;
    const child = this.#spawn();
    await waitFor(
      "the agent to be ready",
      () => child.exitCode !== null || this.#readyAfter(seen) !== undefined,
      START_MS,
    );
    const ready = this.#readyAfter(seen);
    if (ready === undefined) throw new Error(`the agent ended: ${JSON.stringify(this.logs.slice(-5))}`);
    this.url = String(ready["listen"]);
  }

  /** Starts the process, which is expected to end by itself: its exit code. */
  async launchToEnd(): Promise<number> {
    this.#spawn();
    return this.ended();
  }

  /** The exit code of the process once it has ended by itself. */
  async ended(): Promise<number> {
    const child = this.#process;
    if (child === null) throw new Error("the agent does not run");
    await waitFor("the agent to end", () => child.exitCode !== null || child.signalCode !== null, STOP_MS);
    this.#process = null;
    return child.exitCode ?? -1;
  }

  #spawn(): Bun.Subprocess {
    const child = Bun.spawn([...this.launcher, this.executable, "run"], {
      env: {
        PATH: process.env["PATH"] ?? "",
        WRENN_DIR: this.directory,
        WRENN_AGENT_LISTEN: "127.0.0.1:0",
        // Without a server a host pauses everything after three beats: not in these tests.
        WRENN_HEARTBEAT_MS: "3600000",
        // What stands on the machine is counted in many tests; those of spares and standbys ask for some.
        WRENN_SPARE_VMS: "0",
        WRENN_STANDBY_VMS: "0",
        ...this.env,
      },
      stdin: "ignore",
      stdout: "inherit",
      stderr: "pipe",
    });
    this.#process = child;
    void this.#readLogs(child.stderr);
    return child;
  }

  #readyAfter(seen: number): Record<string, unknown> | undefined {
    return this.logs.slice(seen).find(({ event }) => event === "agent_ready");
  }

  async #readLogs(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (process.env["WRENN_TEST_LOG"] === "1") process.stderr.write(`${line}\n`);
        try {
          this.logs.push(JSON.parse(line) as Record<string, unknown>);
        } catch {
          this.logs.push({ event: "text", line });
        }
      }
    }
  }

  /** A token as the server signs it. */
  token(options: { hostId?: string; lifetimeSec?: number; issuedSec?: number } = {}): Promise<string> {
    const { hostId = this.identity.hostId, lifetimeSec = 60 } = options;
    const issuedSec = options.issuedSec ?? Math.floor(Date.now() / 1_000);
    return new SignJWT({})
      .setProtectedHeader({ alg: "EdDSA" })
      .setAudience(hostId)
      .setIssuedAt(issuedSec)
      .setExpirationTime(issuedSec + lifetimeSec)
      .sign(this.identity.privateKey);
  }

  /** What the server says once it has deleted this host. */
  deletionStatement(privateKey: CryptoKey = this.identity.privateKey): Promise<string> {
    return new SignJWT({})
      .setProtectedHeader({ alg: "EdDSA", typ: "host-deleted+jwt" })
      .setIssuer(ZERO_UUID)
      .setAudience(this.identity.hostId)
      .setIssuedAt()
      .sign(privateKey);
  }

  /** HostService with a fresh token per call. */
  get host(): Client<typeof HostService> {
    return createClient(
      HostService,
      createConnectTransport({
        baseUrl: this.url,
        useBinaryFormat: true,
        interceptors: [
          (next) => async (request) => {
            if (!request.header.has("authorization")) {
              request.header.set("authorization", `Bearer ${await this.token()}`);
            }
            return next(request);
          },
        ],
      }),
    );
  }

  /** The process ends as by a power cut; sandboxes go on. */
  async crash(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.exited;
    this.#process = null;
  }

  /** An orderly stop. Throws when it takes too long. */
  async stop(): Promise<void> {
    const child = this.#process;
    if (child === null) return;
    child.kill("SIGTERM");
    await waitFor("the agent to stop", () => child.exitCode !== null || child.signalCode !== null, STOP_MS);
    this.#process = null;
  }

  /** Ends the agent and its sandboxes and removes every trace of them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#abandon(true);
  }

  /** A directory that was given stays its giver's to remove. */
  async #abandon(isOwnDirectory: boolean): Promise<void> {
    await this.crash();
    if (isOwnDirectory) await removeDirectory(this.directory);
  }
}

/** Starts an agent on an empty directory and waits until `minimal` is there. */
export const buildMinimal = async (directory: string, executable?: string): Promise<void> => {
  const agent = await TestAgent.start({ directory, executable });
  try {
    await waitFor(
      "minimal to be built",
      async () => {
        const failed = agent.logs.find(({ event }) => event === "minimal_failed");
        if (failed !== undefined) throw new Error(`minimal was not built: ${JSON.stringify(failed)}`);
        const { templates } = await agent.host.listTemplates({});
        return templates.length > 0;
      },
      BUILD_MS,
      500,
    );
  } finally {
    await agent.stop();
  }
};
