/** A server, a host that stands in, and a program in its sandboxes: what tests of traffic begin with. */
import { parseSandboxId } from "../../proto/ids.ts";
import type { Environment } from "../../server/config/environment.ts";
import { accessTokens, trafficTokens } from "../../server/sandboxes/access-token.ts";
import { EchoProgram } from "./echo-program.ts";
import { SandboxApi } from "./sandbox-api.ts";
import { createKey, signUp, startTestServer, type TestPerson, type TestServer } from "./server.ts";
import { StandInHost } from "./stand-in-host.ts";
import { trafficFetch } from "./traffic.ts";

/** Where the program listens in every sandbox; so does what answers in the guest agent's place. */
export const PROGRAM_PORT = 3_000;

export class TrafficScene implements AsyncDisposable {
  private constructor(
    readonly server: TestServer,
    readonly host: StandInHost,
    readonly program: EchoProgram,
    readonly admin: TestPerson,
    readonly api: SandboxApi,
  ) {}

  static async start(env: Environment = {}): Promise<TrafficScene> {
    const server = await startTestServer(env);
    const admin = await signUp(server.url);
    const host = await StandInHost.join(server.url, admin.token);
    const program = new EchoProgram();
    host.ports.set(PROGRAM_PORT, program.url);
    host.guestUrl = program.url;
    const api = new SandboxApi(server.url, await createKey(server.url, admin));
    return new TrafficScene(server, host, program, admin, api);
  }

  get url(): string {
    return this.server.url;
  }

  /** Where previews by path are. */
  get previews(): string {
    return this.server.server.services.previewUrls.base;
  }

  /** What opens the guest agent of a sandbox. */
  accessToken(sandboxId: string): string {
    return accessTokens(this.#trafficKey)(parseSandboxId(sandboxId) ?? "");
  }

  /** What opens its private ports. */
  trafficToken(sandboxId: string): string {
    return trafficTokens(this.#trafficKey)(parseSandboxId(sandboxId) ?? "");
  }

  /** A request to the program, or another port. */
  ask(
    sandboxId: string,
    { port = PROGRAM_PORT, ...init }: BunFetchRequestInit & { port?: number; path?: string } = {},
  ): Promise<Response> {
    return trafficFetch(this.url, { sandboxId, port, ...init });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await this.host.stop();
    await this.server.stop();
  }

  get #trafficKey(): Uint8Array {
    return this.server.server.services.settings.trafficKey;
  }
}
