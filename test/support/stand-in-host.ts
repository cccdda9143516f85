/**
 * A host without machines: the real HostService wire over an in-memory table of sandboxes, registered with a
 * real server. For what the control plane does with many hosts, and with ones that refuse, hang or forget;
 * what a host does is tested on the real agent.
 */
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createConnectRouter, type ServiceImpl } from "@connectrpc/connect";
import { createFetchHandler } from "@connectrpc/connect/protocol";
import { importJWK, jwtVerify } from "jose";

import {
  HostService,
  type SandboxState,
  SandboxStateSchema,
  SandboxStatus,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { GUEST_PORT } from "../../proto/guest-port.ts";
import {
  isWebSocketUpgrade,
  offeredProtocols,
  toUpgradeHeaders,
  withoutHopByHop,
} from "../../proto/hop-by-hop.ts";
import { HOST_ERROR_HEADER, type HostErrorCode } from "../../proto/host-errors.ts";
import { formatHexId, parseHostId, parseSandboxId, ZERO_UUID } from "../../proto/ids.ts";
import { requestTarget } from "../../proto/request-target.ts";
import { dialWebSocket } from "../../proto/web-socket-dial.ts";
import { RELAY_HANDLERS, upgradeHeaders, WebSocketRelay } from "../../proto/web-socket-relay.ts";
import { type AnyBody, call } from "./server.ts";

type Methods = ServiceImpl<typeof HostService>;

/** As the agent names its refusals. */
export const refusal = (name: HostErrorCode, code: Code): ConnectError =>
  new ConnectError(name, code, { [HOST_ERROR_HEADER]: name });

interface Registration extends AnyBody {
  host_id: string;
  token: string;
  refresh_token: string;
  server_public_key: Record<string, string>;
}

export interface Change {
  sandbox_id: string;
  status: "running" | "paused" | "ended";
  reason?: string;
  memory_kept?: boolean;
  at?: string;
}

export class StandInHost implements AsyncDisposable {
  /** What it holds, by prefixed id. Tests write here to say what happened on the host. */
  readonly sandboxes = new Map<string, SandboxState>();
  /** Names of the calls that came, oldest first. */
  readonly calls: string[] = [];
  /** Replaces what a call does. */
  readonly answers: Partial<Methods> = {};
  /** As it was told. */
  draining = false;
  /** What it says of its machine at each beat. */
  accelerator = "emulated";
  freeMemoryMb = 4_096;
  templates: { team_id: string; template_id: string }[] = [{ team_id: ZERO_UUID, template_id: ZERO_UUID }];
  /** Built-in templates that it says it is making. */
  building: { template_id: string; progress: number }[] = [];
  /** Where requests for a sandbox's port 49983 go. */
  guestUrl: string | null = null;
  /** Where those for its other ports go, WebSockets too; to any other port they are refused as a closed one is. */
  readonly ports = new Map<number, string>();
  /** Answers what is neither a call nor for a sandbox. */
  other: ((request: Request) => Promise<Response>) | null = null;
  /** Answers in place of everything else what it does not answer with null: bytes that no wire would send. */
  raw: ((path: string) => Response | null) | null = null;
  #seq = 0;
  #timer: Timer | undefined;
  #beating: Promise<unknown> | undefined;

  private constructor(
    /** Where it beats. Of several servers on one database it may be any. */
    public serverUrl: string,
    readonly registration: Registration,
    readonly server: Bun.Server<WebSocketRelay>,
  ) {}

  /**
   * Makes a host with someone's token, listens, registers and beats once.
   * @param wanted what is asked for beside the name; the platform's, unless it says `byoc`.
   */
  static async join(
    serverUrl: string,
    adminToken: string,
    specs: Record<string, unknown> = {},
    wanted: Record<string, unknown> = {},
  ): Promise<StandInHost> {
    const made = await call<{ registration: { token: string } }>(serverUrl, "/v1/hosts", {
      token: adminToken,
      body: { name: `stand-in-${crypto.randomUUID().slice(0, 8)}`, ...wanted },
    });
    if (made.status !== 201) throw new Error(`no host: ${JSON.stringify(made.body)}`);
    return StandInHost.register(serverUrl, made.body.registration.token, specs);
  }

  /** The same with a token that somebody has already. */
  static async register(
    serverUrl: string,
    token: string,
    specs: Record<string, unknown> = {},
  ): Promise<StandInHost> {
    const listener: { serve: ((request: Request) => Promise<Response | undefined>) | null } = { serve: null };
    const server = Bun.serve<WebSocketRelay>({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch: (request) => listener.serve?.(request) ?? new Response(null, { status: 401 }),
      websocket: RELAY_HANDLERS,
    });
    const registered = await call<Registration>(serverUrl, "/v1/hosts/register", {
      body: {
        token,
        arch: "x86_64",
        cpu_cores: 4,
        memory_mb: 8192,
        disk_gb: 100,
        address: server.url.origin,
        agent_version: "test",
        accelerator: "emulated",
        runtime_id: "stand-in",
        ...specs,
      },
    });
    if (registered.status !== 200) throw new Error(`not registered: ${JSON.stringify(registered.body)}`);
    const host = new StandInHost(serverUrl, registered.body, server);
    if (typeof specs["accelerator"] === "string") host.accelerator = specs["accelerator"];
    listener.serve = await host.#handler();
    await host.beat();
    return host;
  }

  get id(): string {
    return this.registration.host_id;
  }

  /** Sends a heartbeat; its answer. @param serverUrl another server on the same database */
  beat(changes: Change[] = [], serverUrl = this.serverUrl) {
    return call(serverUrl, `/v1/hosts/${this.id}/heartbeat`, {
      token: this.registration.token,
      body: {
        free_memory_mb: this.freeMemoryMb,
        free_disk_mb: 50_000,
        running: this.sandboxes.size,
        runtime_id: "stand-in",
        address: this.server.url.origin,
        agent_version: "test",
        accelerator: this.accelerator,
        templates: this.templates,
        building: this.building,
        changes: changes.map((change) => {
          this.#seq += 1;
          return { seq: this.#seq, reason: "", memory_kept: false, at: new Date().toISOString(), ...change };
        }),
      },
    });
  }

  /** Beats again and again until it falls silent or is stopped; what the server answers is not looked at. */
  keepBeating(everyMs: number): void {
    this.#timer ??= setInterval(() => {
      this.#beating = this.beat().catch(() => null);
    }, everyMs);
  }

  /** Resolves when no beat is under way any more. */
  async fallSilent(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#beating;
  }

  /** Says of a sandbox what the next list will tell. */
  set(
    sandboxId: string,
    state: Partial<Pick<SandboxState, "status" | "reason" | "memoryKept">>,
  ): SandboxState {
    const {
      status = SandboxStatus.RUNNING,
      reason = "",
      memoryKept = false,
    } = this.sandboxes.get(sandboxId) ?? {};
    const made = create(SandboxStateSchema, { status, reason, memoryKept, ...state, sandboxId });
    this.sandboxes.set(sandboxId, made);
    return made;
  }

  async stop(): Promise<void> {
    await this.fallSilent();
    await this.server.stop(true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #handler(): Promise<(request: Request) => Promise<Response | undefined>> {
    const key = await importJWK(this.registration.server_public_key, "EdDSA");
    const audience = parseHostId(this.id) ?? "";
    const verify = async (header: string | null): Promise<void> => {
      await jwtVerify(header?.replace("Bearer ", "") ?? "", key, { audience });
    };
    const router = createConnectRouter({
      grpc: false,
      grpcWeb: false,
      requestGate: async ({ requestHeader }) => {
        await verify(requestHeader.get("authorization")).catch(() => {
          throw new ConnectError("no token", Code.Unauthenticated);
        });
      },
      interceptors: [
        (next) => (request) => {
          this.calls.push(request.method.localName);
          return next(request);
        },
      ],
    });
    router.service(HostService, this.#replaceable(this.#methods()));
    const byPath = new Map(router.handlers.map((one) => [one.requestPath, createFetchHandler(one)]));
    return async (request) => {
      const { pathname, search } = new URL(requestTarget(request.url), this.server.url);
      const raw = this.raw?.(pathname);
      if (raw) return raw;
      const [, id = "", port = "", path = ""] = /^\/traffic\/([^/]+)\/(\d+)(\/.*)$/.exec(pathname) ?? [];
      if (path === "") {
        const answer = byPath.get(pathname) ?? this.other;
        return (await answer?.(request)) ?? new Response(null, { status: 404 });
      }
      await verify(request.headers.get("wrenn-authorization"));
      return this.#toPort(request, { id, port: Number(port), pathAndQuery: path + search });
    };
  }

  async #toPort(
    request: Request,
    { id, port, pathAndQuery }: { id: string; port: number; pathAndQuery: string },
  ): Promise<Response | undefined> {
    const sandboxId = formatHexId(parseSandboxId(id) ?? "");
    const refused = (code: HostErrorCode, message: string) =>
      Response.json(
        { sandboxId, message, code: 502 },
        { status: 502, headers: { [HOST_ERROR_HEADER]: code } },
      );
    if (this.sandboxes.get(id)?.status !== SandboxStatus.RUNNING) {
      return refused("sandbox_not_found", "The sandbox was not found");
    }
    const base = port === GUEST_PORT ? this.guestUrl : this.ports.get(port);
    if (base === undefined || base === null) {
      return refused("guest_failed", "The sandbox is running but port is not open");
    }
    const url = `${base}${pathAndQuery}`;
    const { method, body, signal } = request;
    const headers = new Headers(request.headers);
    headers.delete("wrenn-authorization");
    if (!isWebSocketUpgrade(request)) {
      const answer = await fetch(url, {
        method,
        headers,
        body,
        signal,
        redirect: "manual",
        decompress: false,
        timeout: false,
        keepalive: false,
      });
      const kept = withoutHopByHop(answer.headers);
      // As the agent does: no program speaks as the host.
      kept.delete(HOST_ERROR_HEADER);
      return new Response(answer.body, { status: answer.status, headers: kept });
    }
    const dialled = await dialWebSocket(url.replace("http", "ws"), {
      headers: toUpgradeHeaders(headers),
      protocols: offeredProtocols(headers),
      signal,
    }).catch(() => null);
    if (dialled === null) return refused("guest_failed", "no WebSocket there");
    const data = new WebSocketRelay(dialled, () => {});
    this.server.upgrade(request, { headers: upgradeHeaders(request, dialled), data });
    return undefined;
  }

  /** Looks at each call whether the test has an answer of its own. */
  #replaceable(methods: Partial<Methods>): Partial<Methods> {
    const names = Object.keys(HostService.method) as (keyof Methods)[];
    const entries = names.map((name) => [
      name,
      (request: never, context: never) => {
        const answer = (this.answers[name] ?? methods[name]) as
          ((request: never, context: never) => unknown) | undefined;
        if (answer === undefined) throw new ConnectError(`no ${name} here`, Code.Unimplemented);
        return answer(request, context);
      },
    ]);
    return Object.fromEntries(entries);
  }

  #methods(): Partial<Methods> {
    const run = ({ sandboxId }: { sandboxId: string }) => ({
      sandbox: this.set(sandboxId, { status: SandboxStatus.RUNNING, reason: "" }),
    });
    return {
      createSandbox: run,
      resumeSandbox: run,
      pingSandbox: run,
      updateSandbox: ({ sandboxId }) => ({ sandbox: this.set(sandboxId, {}) }),
      pauseSandbox: ({ sandboxId, keepMemory: memoryKept }) => ({
        sandbox: this.set(sandboxId, { status: SandboxStatus.PAUSED, memoryKept }),
      }),
      forkSandbox: ({ children }) => ({
        results: children.map((child) => ({ sandboxId: child.sandboxId, ...run(child) })),
      }),
      destroySandbox: ({ sandboxId }) => {
        this.sandboxes.delete(sandboxId);
        return {};
      },
      listSandboxes: () => ({ sandboxes: [...this.sandboxes.values()], draining: this.draining }),
      drain: ({ pause }) => {
        this.draining = true;
        for (const [id, { status }] of this.sandboxes) {
          if (pause && status === SandboxStatus.RUNNING) {
            this.set(id, { status: SandboxStatus.PAUSED, reason: "drain", memoryKept: true });
          }
        }
        return {};
      },
      undrain: () => {
        this.draining = false;
        return {};
      },
      acknowledgeEnded: ({ sandboxIds }) => {
        for (const id of sandboxIds) this.sandboxes.delete(id);
        return {};
      },
      createSnapshot: ({ template: ref }) => ({
        template: { ref, vcpus: 1, memoryMb: 512, diskSizeMb: 5120, sizeBytes: 1000n, runtimeId: "stand-in" },
      }),
      deleteTemplate: () => ({}),
      listTemplates: () => ({ templates: [] }),
      getHostStatus: () => ({ work: [], draining: this.draining }),
    };
  }
}
