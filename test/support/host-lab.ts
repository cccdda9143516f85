/**
 * Several real agents on one machine, each in a network namespace of its own, joined to a real server. Their
 * links can be cut and mended: nothing passes meanwhile, as with a pulled cable.
 */
import { cutLink, type Links, mendLink, openLinks, steerLinks } from "../../server/up/links/links.ts";
import { type HostLink, linkLabel, planLink, UPLINK_NAME } from "../../server/up/links/plan.ts";
import { runTool } from "../../server/up/system-tool.ts";
import { makeDirectory, removeDirectory } from "./agent-directory.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { JoinedAgent } from "./joined-agent.ts";
import { PACE_ENV, SETTLE_MS } from "./pace.ts";
import { SandboxApi } from "./sandbox-api.ts";
import { ServerProcess } from "./server-process.ts";
import {
  type Answer,
  type AnyBody,
  call,
  type CallOptions,
  createKey,
  type SignInBody,
  signUp,
  type TestPerson,
} from "./server.ts";
import { waitFor } from "./wait-for.ts";

export interface LabOptions {
  hosts: number;
  /** Added to the server's environment. */
  server?: Record<string, string>;
  /** Added to the agents' environment. */
  agent?: Record<string, string>;
}

export interface LabHost {
  /** Prefixed. */
  id: string;
  name: string;
  link: HostLink;
  agent: JoinedAgent;
}

const LOOPBACK = "127.0.0.1";

export class HostLab implements AsyncDisposable {
  readonly hosts: LabHost[] = [];

  private constructor(
    readonly server: ServerProcess,
    readonly database: TestDatabase,
    /** A platform administrator, with a token that lasts a quarter of an hour. */
    private readonly admin: TestPerson,
    readonly api: SandboxApi,
    /** What the links are named after. */
    private readonly directory: string,
    private readonly links: Links,
  ) {}

  static async start(options: LabOptions): Promise<HostLab> {
    const directory = await makeDirectory("lab");
    const database = await createTestDatabase();
    const server = await ServerProcess.start(database.url, { ...PACE_ENV, ...options.server });
    const port = Number(new URL(server.url).port);
    const links = await openLinks({
      label: linkLabel(directory),
      count: options.hosts,
      port,
      server: { address: LOOPBACK, port },
    });
    const admin = await signUp(server.url);
    const api = new SandboxApi(server.url, await createKey(server.url, admin));
    const lab = new HostLab(server, database, admin, api, directory, links);
    try {
      for (const link of links.hosts) lab.hosts.push(await lab.#join(link, options.agent));
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
    return lab;
  }

  async #join(link: HostLink, env: Record<string, string> = {}): Promise<LabHost> {
    const { url } = this.server;
    const name = `host ${link.number}`;
    const agent = await JoinedAgent.join({
      serverUrl: url,
      token: this.admin.token,
      name,
      link,
      env: { ...PACE_ENV, ...env },
    });
    return { id: agent.hostId, name, link, agent };
  }

  /** By its number, from 1. Throws when the lab has fewer. */
  host(number: number): LabHost {
    const host = this.hosts[number - 1];
    if (host === undefined) throw new Error(`the lab has no host ${number}`);
    return host;
  }

  /** Id of a new sandbox on this host, which the server has to be able to use. */
  async createOn(host: LabHost, body: object = {}): Promise<string> {
    await this.online(host);
    // They are dealt out in turn, so one of as many as there are hosts lands there.
    for (const _ of this.hosts) {
      const made = await this.api.ok("", { template: "minimal", timeout_sec: 0, ...body });
      if (made["host_id"] === host.id) return made.id;
      await this.api.remove(made.id);
    }
    throw new Error(`no sandbox came to ${host.name}`);
  }

  /** Status as the server sees it. */
  async statusOf(host: LabHost): Promise<string> {
    return (await this.request<{ status: string }>(`/v1/hosts/${host.id}`)).body.status;
  }

  /** Resolves when the server can use all of these. */
  async online(...hosts: LabHost[]): Promise<void> {
    const isOnline = async ({ id }: LabHost): Promise<boolean> => {
      const { status, reachable } = (await this.request(`/v1/hosts/${id}`)).body;
      return status === "online" && reachable === true;
    };
    for (const host of hosts) await waitFor(`${host.name} is online`, () => isOnline(host), SETTLE_MS);
  }

  /** Actions that the audit trail tells of a sandbox or a host, oldest first. */
  async story(resourceId: string): Promise<string[]> {
    const rows = await this.database.ownerSql<{ action: string }[]>`
      select action from audit_logs where resource_id = ${resourceId} order by created_at, seq`;
    return rows.map(({ action }) => action);
  }

  /** Resource ids of all that the audit trail tells with this action. */
  async stories(action: string): Promise<string[]> {
    const rows = await this.database.ownerSql<{ id: string }[]>`
      select resource_id as id from audit_logs where action = ${action} order by created_at, seq`;
    return rows.map(({ id }) => id);
  }

  /** As the administrator. */
  async request<T = AnyBody>(path: string, options: CallOptions = {}): Promise<Answer<T>> {
    const { url } = this.server;
    const answer = await call<T>(url, path, { token: this.admin.token, ...options });
    if (answer.status !== 401) return answer;
    const { email, password } = this.admin;
    const { body } = await call<SignInBody>(url, "/v1/auth/login", { body: { email, password } });
    this.admin.token = body.token;
    return call<T>(url, path, { token: this.admin.token, ...options });
  }

  async cut(...hosts: LabHost[]): Promise<void> {
    await Promise.all(hosts.map(({ link }) => cutLink(link)));
  }

  async mend(...hosts: LabHost[]): Promise<void> {
    await Promise.all(hosts.map(({ link }) => mendLink(link)));
  }

  /** The host gets another address, as from a new lease; the one before is gone. @returns the new one */
  async readdress({ link }: LabHost): Promise<string> {
    const next = planLink(linkLabel(this.directory), this.links.first, link.number + this.hosts.length);
    await runTool(["ip", "address", "add", `${next.machineAddress}/31`, "dev", link.device]);
    const lines = [
      `address add ${next.hostAddress}/31 dev ${UPLINK_NAME}`,
      `route replace default via ${next.machineAddress}`,
      `address del ${link.hostAddress}/31 dev ${UPLINK_NAME}`,
    ];
    await runTool(["ip", "-n", link.namespace, "-batch", "-"], `${lines.join("\n")}\n`);
    return next.hostAddress;
  }

  /** From now on what hosts send to the server goes to this one, as when an address moves. */
  async steer(server: ServerProcess): Promise<void> {
    const port = Number(new URL(this.server.url).port);
    await steerLinks({
      label: linkLabel(this.directory),
      first: this.links.first,
      port,
      server: { address: LOOPBACK, port: Number(new URL(server.url).port) },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { agent } of this.hosts) await agent[Symbol.asyncDispose]();
    // With it the links.
    await removeDirectory(this.directory);
    await this.server[Symbol.asyncDispose]();
    await this.database.drop();
  }
}
