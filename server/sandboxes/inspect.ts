/** What goes on inside a sandbox: its logs, open ports, use of resources, processes. */
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";

import type { SandboxStatus } from "../../db/constants.ts";
import { Signal } from "../../proto/gen/process/process_pb.ts";
import type { GetMetricsResponse } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import type { TeamCaller } from "../auth/context.ts";
import { notFound } from "../errors.ts";
import type { HostClient } from "../hosts/client-pool.ts";
import { answered } from "../hosts/failures.ts";
import type { SandboxSample } from "../samples/sample.ts";
import { guestError } from "../traffic/guest-errors.ts";
import type { SandboxContext } from "./context.ts";
import { type ExecDeps, guestOf } from "./exec.ts";
import { requireSandbox, requireStatus } from "./host-calls.ts";

type Caller = Pick<TeamCaller, "teamId">;

/** Deadline of a question to the guest, in ms. */
const CALL_MS = 10_000;

const ask = async <T>(
  context: SandboxContext,
  { teamId }: Caller,
  { id, statuses }: { id: string; statuses: readonly SandboxStatus[] },
  call: (client: HostClient, sandboxId: string) => Promise<T>,
): Promise<T> => {
  const sandbox = await requireSandbox(context, { id, teamId });
  const client = context.hosts.client(requireStatus(sandbox, statuses));
  return answered(call(client, formatSandboxId(id)));
};

const RUNNING = ["running"] as const;
/** In which a host has something to tell of a sandbox. */
const HELD = ["pending", "running", "pausing", "paused", "resuming"] as const;

/** The last 64 KB each of the serial console and of the guest agent's own log. */
export const readLogs = async (
  context: SandboxContext,
  caller: Caller,
  id: string,
): Promise<{ console: string; guestAgent: string }> => {
  const logs = await ask(context, caller, { id, statuses: HELD }, (client, sandboxId) =>
    client.getSandboxLogs({ sandboxId }),
  );
  const decoder = new TextDecoder();
  return { console: decoder.decode(logs.console), guestAgent: decoder.decode(logs.guestAgent) };
};

/** TCP ports that something in the sandbox listens on. */
export const listPorts = async (context: SandboxContext, caller: Caller, id: string): Promise<number[]> => {
  const { ports } = await ask(context, caller, { id, statuses: RUNNING }, (client, sandboxId) =>
    client.listPorts({ sandboxId }),
  );
  return ports;
};

const toSample = (metrics: GetMetricsResponse): SandboxSample => ({
  at: metrics.at ? timestampDate(metrics.at) : new Date(),
  cpuCount: metrics.cpuCount,
  cpuUsedPercent: metrics.cpuUsedPercent,
  memoryUsedBytes: Number(metrics.memoryUsedBytes),
  memoryTotalBytes: Number(metrics.memoryTotalBytes),
  memoryCacheBytes: Number(metrics.memoryCacheBytes),
  diskUsedBytes: Number(metrics.diskUsedBytes),
  diskTotalBytes: Number(metrics.diskTotalBytes),
});

/** As the guest sees it now. */
export const readSample = async (
  context: SandboxContext,
  caller: Caller,
  id: string,
): Promise<SandboxSample> =>
  toSample(
    await ask(context, caller, { id, statuses: RUNNING }, (client, sandboxId) =>
      client.getMetrics({ sandboxId }),
    ),
  );

export interface SandboxProcess {
  pid: number;
  cmd: string;
  args: string[];
  tag: string | null;
}

/** Processes that were started through the API and still run. */
export const listProcesses = async (
  { sandboxes, guests }: ExecDeps,
  caller: Caller,
  id: string,
): Promise<SandboxProcess[]> => {
  const target = await guestOf(sandboxes, caller, { id, user: null });
  try {
    const { processes } = await guests.process(target).list({}, { timeoutMs: CALL_MS });
    return processes.map(({ pid, config, tag }) => ({
      pid,
      cmd: config?.cmd ?? "",
      args: config?.args ?? [],
      tag: tag ?? null,
    }));
  } catch (thrown) {
    throw guestError(thrown, "process");
  }
};

/** Kills one of them with its process group; 404 `process_not_found`. */
export const killProcess = async (
  { sandboxes, guests }: ExecDeps,
  caller: Caller,
  { id, pid }: { id: string; pid: number },
): Promise<void> => {
  const target = await guestOf(sandboxes, caller, { id, user: null });
  const selector = { selector: { case: "pid" as const, value: pid } };
  try {
    const client = guests.process(target);
    await client.sendSignal({ process: selector, signal: Signal.SIGKILL }, { timeoutMs: CALL_MS });
  } catch (thrown) {
    if (ConnectError.from(thrown).code === Code.NotFound) {
      throw notFound("process_not_found", `No process ${pid} of this API runs in the sandbox.`);
    }
    throw guestError(thrown, "process");
  }
};
