/** The same scene around a server that is a process of its own: what it takes of the machine can be measured. */
import { readdir } from "node:fs/promises";

import { createTestDatabase, type TestDatabase } from "./database.ts";
import { EchoProgram } from "./echo-program.ts";
import { SandboxApi } from "./sandbox-api.ts";
import { ServerProcess } from "./server-process.ts";
import { createKey, signUp } from "./server.ts";
import { StandInHost } from "./stand-in-host.ts";
import { PROGRAM_PORT } from "./traffic-scene.ts";
import { trafficFetch } from "./traffic.ts";

/** Of a request that is whole. */
const ANSWER_MS = 20_000;

export interface Footprint {
  pid: number;
  memoryBytes: number;
  descriptors: number;
}

export class TrafficProcess implements AsyncDisposable {
  private constructor(
    private readonly database: TestDatabase,
    readonly server: ServerProcess,
    readonly host: StandInHost,
    readonly program: EchoProgram,
    readonly key: string,
    /** A sandbox whose port `PROGRAM_PORT` is the program. */
    readonly id: string,
    /** Where previews by path are. */
    readonly previews: string,
  ) {}

  static async start(): Promise<TrafficProcess> {
    const database = await createTestDatabase();
    const server = await ServerProcess.start(database.url);
    const admin = await signUp(server.url);
    const key = await createKey(server.url, admin);
    const host = await StandInHost.join(server.url, admin.token);
    const program = new EchoProgram();
    host.ports.set(PROGRAM_PORT, program.url);
    host.guestUrl = program.url;
    const api = new SandboxApi(server.url, key);
    const id = await api.create();
    const link = (await api.ok(`/${id}/preview-urls`, { port: PROGRAM_PORT })) as unknown as {
      path_url: string;
    };
    const scene = new TrafficProcess(database, server, host, program, key, id, new URL(link.path_url).origin);
    // What code and connections need is there after a first round.
    for (let count = 0; count < 50; count += 1) await scene.serves();
    return scene;
  }

  /** Throws unless the next request is served, to the sandbox and to the control plane. */
  async serves(): Promise<void> {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const headers = { "x-api-key": this.key };
    const { url } = this.server;
    const passed = await trafficFetch(url, { sandboxId: this.id, port: PROGRAM_PORT, headers, signal });
    await passed.text();
    const own = await fetch(`${url}/health`, { signal });
    if (passed.status !== 200 || own.status !== 200) throw new Error(`${passed.status}, ${own.status}`);
  }

  async footprint(): Promise<Footprint> {
    const { pid } = this.server;
    const status = await Bun.file(`/proc/${pid}/status`).text();
    const memoryBytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
    return { pid, memoryBytes, descriptors: (await readdir(`/proc/${pid}/fd`)).length };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
    await this.host.stop();
    await this.server[Symbol.asyncDispose]();
    await this.database.drop();
  }
}
