/**
 * Several real agents on one machine, each in a network namespace of its own, joined to a real server. Their
 * links can be cut and mended: nothing passes meanwhile, as with a pulled cable.
 */
import { parseHostId } from "../../proto/ids.ts";
import { CallTokens } from "../../server/hosts/call-tokens.ts";
import { type HostClient, HostClientPool } from "../../server/hosts/client-pool.ts";
import { endpointOf } from "../../server/hosts/host.ts";
import { findHost } from "../../server/hosts/store.ts";
import { loadSettings } from "../../server/settings.ts";
import { cutLink, type Links, mendLink, openLinks, steerLinks } from "../../server/up/links/links.ts";
import { type HostLink, linkLabel, planLink, UPLINK_NAME } from "../../server/up/links/plan.ts";
import { runTool } from "../../server/up/system-tool.ts";
import { makeDirectory, removeDirectory } from "./agent-directory.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { JoinedAgent, type JoinOptions } from "./joined-agent.ts";
import { PACE_ENV, settle } from "./pace.ts";
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

export interface LabOptions {
  /** Of the platform, joined at the start. */
  hosts: number;
  /** That may join later. @default {0} */
  spare?: number;
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

/** A team beside the administrator's. */
export interface LabTeam {
  owner: TestPerson;
  api: SandboxApi;
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
    /** Everything it is made of, the latest last. */
    private readonly undo: AsyncDisposableStack,
    private readonly agentEnv: Record<string, string> = {},
  ) {}

  static async start(options: LabOptions): Promise<HostLab> {
    const undo = new AsyncDisposableStack();
    try {
      return await HostLab.#open(options, undo);
    } catch (error) {
      await undo.disposeAsync();
      throw error;
    }
  }

  static async #open(options: LabOptions, undo: AsyncDisposableStack): Promise<HostLab> {
    const database = await createTestDatabase();
    undo.defer(() => database.drop());
    const server = undo.use(await ServerProcess.start(database.url, { ...PACE_ENV, ...options.server }));
    const directory = await makeDirectory("lab");
    // With it the links.
    undo.defer(() => removeDirectory(directory));
    const port = Number(new URL(server.url).port);
    const links = await openLinks({
      label: linkLabel(directory),
      count: options.hosts + (options.spare ?? 0),
      port,
      server: { address: LOOPBACK, port },
    });
    const admin = await signUp(server.url);
    const api = new SandboxApi(server.url, await createKey(server.url, admin));
    const lab = new HostLab(server, database, admin, api, directory, links, undo, options.agent);
    for (let count = 0; count < options.hosts; count += 1) await lab.#join({ token: admin.token });
    return lab;
  }

  /** Of the administrator, and of `api`. */
  get teamId(): string {
    return this.admin.teamId;
  }

  async #join(whose: Pick<JoinOptions, "token" | "wanted">): Promise<LabHost> {
    const link = this.links.hosts[this.hosts.length];
    if (link === undefined) throw new Error("every link of the lab has its host");
    const name = `host ${link.number}`;
    const env = { ...PACE_ENV, ...this.agentEnv };
    const agent = this.undo.use(
      await JoinedAgent.join({ serverUrl: this.server.url, name, link, env, ...whose }),
    );
    const host = { id: agent.hostId, name, link, agent };
    this.hosts.push(host);
    return host;
  }

  /** A new team that may bring hosts of its own, or one as any other. */
  async addTeam({ isByoc }: { isByoc: boolean }): Promise<LabTeam> {
    const { url } = this.server;
    const owner = await signUp(url, "Owner");
    const api = new SandboxApi(url, await createKey(url, owner));
    const path = `/v1/admin/teams/${owner.teamId}/byoc`;
    const { status } = await this.request(path, { method: "PUT", body: { enabled: isByoc } });
    if (status !== 200) throw new Error(`${path}: ${status}`);
    return { owner, api };
  }

  /** A host of the team's own, joined by its owner on a link that is spare. */
  joinOwn({ owner }: LabTeam): Promise<LabHost> {
    return this.#join({ token: owner.token, wanted: { type: "byoc" } });
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

  /** Calls the host as the server does. */
  async client({ id }: LabHost): Promise<HostClient> {
    const { ownerSql } = this.database;
    const { callKey, instanceId } = await loadSettings(ownerSql);
    const found = await findHost(ownerSql, parseHostId(id) ?? "");
    const endpoint = found && endpointOf(found);
    if (endpoint === null) throw new Error(`nobody knows where ${id} is`);
    return new HostClientPool(new CallTokens(callKey.privateKey, instanceId)).client(endpoint);
  }

  /** Whether the host is to take nothing new. */
  async drain(host: LabHost, to: "drain" | "undrain" = "drain"): Promise<void> {
    const { status, body } = await this.request(`/v1/hosts/${host.id}/${to}`, { body: {} });
    if (status !== 200) throw new Error(`${to}: ${status} ${JSON.stringify(body)}`);
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
    for (const host of hosts) await settle(`${host.name} is online`, () => isOnline(host));
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

  /** What goes to the host passes at this rate from now on; null: as fast as it can. */
  async throttle({ link }: LabHost, megabitsPerSec: number | null): Promise<void> {
    const root = ["dev", link.device, "root"];
    const shape = ["tbf", "rate", `${megabitsPerSec}mbit`, "burst", "64k", "latency", "100ms"];
    await runTool([
      "tc",
      "qdisc",
      ...(megabitsPerSec === null ? ["del", ...root] : ["replace", ...root, ...shape]),
    ]);
  }

  async cut(...hosts: LabHost[]): Promise<void> {
    await Promise.all(hosts.map(({ link }) => cutLink(link)));
  }

  async mend(...hosts: LabHost[]): Promise<void> {
    await Promise.all(hosts.map(({ link }) => mendLink(link)));
  }

  /** The host gets another address, as from a new lease; the one before is gone. @returns the new one */
  async readdress({ link }: LabHost): Promise<string> {
    const next = planLink(linkLabel(this.directory), this.links.first, link.number + this.links.hosts.length);
    await runTool(["ip", "address", "add", `${next.machineAddress}/31`, "dev", link.device]);
    const lines = [
      `address add ${next.hostAddress}/31 dev ${UPLINK_NAME}`,
      `route replace default via ${next.machineAddress}`,
      `address del ${link.hostAddress}/31 dev ${UPLINK_NAME}`,
    ];
    await runTool(["ip", "-n", link.namespace, "-batch", "-"], { input: `${lines.join("\n")}\n` });
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
    await this.undo.disposeAsync();
  }
}
