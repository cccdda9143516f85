/** Everything one test file needs: a server, an agent that joined it, an administrator and a key. */
import type { Environment } from "../../server/config/environment.ts";
import { JoinedAgent, type JoinOptions } from "./joined-agent.ts";
import { SandboxApi } from "./sandbox-api.ts";
import { createKey, signUp, startTestServer, type TestPerson, type TestServer } from "./server.ts";

export interface ProductOptions {
  /** Added to the server's configuration. */
  server?: Environment;
  agent?: Omit<JoinOptions, "serverUrl" | "token">;
}

export class Product implements AsyncDisposable {
  private constructor(
    readonly server: TestServer,
    readonly agent: JoinedAgent,
    readonly admin: TestPerson,
    readonly api: SandboxApi,
  ) {}

  static async start(options: ProductOptions = {}): Promise<Product> {
    const server = await startTestServer({ WRENN_MONITOR_MS: "300", ...options.server });
    try {
      const admin = await signUp(server.url);
      const api = new SandboxApi(server.url, await createKey(server.url, admin));
      const agent = await JoinedAgent.join({
        serverUrl: server.url,
        token: admin.token,
        ...options.agent,
      });
      return new Product(server, agent, admin, api);
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent[Symbol.asyncDispose]();
    await this.server.stop();
  }
}
