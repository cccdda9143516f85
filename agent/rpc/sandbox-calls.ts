/** HostService: calls about sandboxes. Decode, do, encode. */
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";

import type { HostService } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import { createSandbox } from "../sandboxes/create.ts";
import { acknowledgeEnded, destroySandbox } from "../sandboxes/destroy.ts";
import { measureDisk } from "../sandboxes/disk-usage.ts";
import { findSandbox } from "../sandboxes/find.ts";
import { forkSandbox } from "../sandboxes/fork.ts";
import type { Host } from "../sandboxes/host.ts";
import { listPorts, readConsole, readMetrics } from "../sandboxes/observe.ts";
import { pauseSandbox } from "../sandboxes/pause.ts";
import { resumeSandbox } from "../sandboxes/resume.ts";
import { destroySetAside } from "../sandboxes/set-aside.ts";
import { updateSandbox } from "../sandboxes/update.ts";
import { viewAll, viewSandbox } from "../sandboxes/view.ts";
import { decodeNetwork, decodeSandboxId, decodeTeamId, decodeTemplate, decodeTimeout } from "./decode.ts";
import { encodeSandbox } from "./encode.ts";

type SandboxCalls = Pick<
  ServiceImpl<typeof HostService>,
  | "createSandbox"
  | "destroySandbox"
  | "pauseSandbox"
  | "resumeSandbox"
  | "forkSandbox"
  | "updateSandbox"
  | "pingSandbox"
  | "listSandboxes"
  | "acknowledgeEnded"
  | "getSandboxLogs"
  | "listPorts"
  | "getMetrics"
>;

const NEVER = { kind: "idle", timeoutSec: 0, action: "pause" } as const;
const OPEN = { allowInternet: true, allowCidrs: [], denyCidrs: [], allowDomains: [] };

export const sandboxCalls = (host: Host): SandboxCalls => {
  const find = (text: string) => findSandbox(host, decodeSandboxId(text));
  return {
    async createSandbox(message) {
      const sandbox = await createSandbox(host, {
        sandboxId: decodeSandboxId(message.sandboxId),
        teamId: decodeTeamId(message.teamId),
        template: decodeTemplate(message.template),
        vcpus: message.vcpus,
        memoryMb: message.memoryMb,
        diskSizeMb: message.diskSizeMb,
        timeout: decodeTimeout(message.timeout, NEVER),
        network: message.network === undefined ? OPEN : decodeNetwork(message.network),
        envs: message.envs,
        accessToken: message.accessToken,
      });
      return { sandbox: encodeSandbox(viewSandbox(sandbox)) };
    },

    async destroySandbox({ sandboxId }) {
      const id = decodeSandboxId(sandboxId);
      const sandbox = host.sandboxes.get(id);
      if (sandbox !== undefined) await destroySandbox(host, sandbox, "deleted");
      else if (host.unreadable.has(id)) await destroySetAside(host, id);
      return {};
    },

    async pauseSandbox({ sandboxId, keepMemory }) {
      const sandbox = find(sandboxId);
      await pauseSandbox(host, sandbox, { keepMemory, reason: "" });
      await host.changes.forget(sandbox.id);
      await measureDisk(host, sandbox);
      return { sandbox: encodeSandbox(viewSandbox(sandbox)) };
    },

    async resumeSandbox({ sandboxId, accessToken, timeout, cold }) {
      const sandbox = find(sandboxId);
      await resumeSandbox(host, sandbox, {
        accessToken,
        cold,
        ...(timeout === undefined ? {} : { timeout: decodeTimeout(timeout, NEVER) }),
      });
      await host.changes.forget(sandbox.id);
      return { sandbox: encodeSandbox(viewSandbox(sandbox)) };
    },

    async forkSandbox({ sandboxId, children, timeout }) {
      const results = await forkSandbox(host, find(sandboxId), {
        children: children.map((child) => ({
          sandboxId: decodeSandboxId(child.sandboxId),
          accessToken: child.accessToken,
        })),
        ...(timeout === undefined ? {} : { timeout: decodeTimeout(timeout, NEVER) }),
      });
      return {
        results: results.map((result) => ({
          sandboxId: formatSandboxId(result.sandboxId),
          ...("sandbox" in result
            ? { sandbox: encodeSandbox(viewSandbox(result.sandbox)) }
            : { error: result.error }),
        })),
      };
    },

    async updateSandbox({ sandboxId, timeout, network, extendOnly }) {
      const sandbox = find(sandboxId);
      const timeoutKept = await updateSandbox(host, sandbox, {
        extendOnly,
        ...(timeout === undefined ? {} : { timeout: decodeTimeout(timeout, NEVER) }),
        ...(network === undefined ? {} : { network: decodeNetwork(network) }),
      });
      return { sandbox: encodeSandbox(viewSandbox(sandbox)), timeoutKept };
    },

    pingSandbox({ sandboxId }) {
      const sandbox = find(sandboxId);
      sandbox.requireRunning();
      sandbox.lastActiveMs = Date.now();
      return { sandbox: encodeSandbox(viewSandbox(sandbox)) };
    },

    async listSandboxes() {
      await Promise.all([...host.sandboxes.values()].map((sandbox) => measureDisk(host, sandbox)));
      return { sandboxes: viewAll(host).map(encodeSandbox), draining: host.draining };
    },

    async acknowledgeEnded({ sandboxIds }) {
      for (const id of sandboxIds) {
        const sandbox = host.sandboxes.get(decodeSandboxId(id));
        if (sandbox !== undefined) await acknowledgeEnded(host, sandbox);
      }
      return {};
    },

    async getSandboxLogs({ sandboxId }) {
      const sandbox = find(sandboxId);
      const text = await readConsole(host, sandbox.id, sandbox.live?.vm ?? null);
      return { console: new TextEncoder().encode(text) };
    },

    async listPorts({ sandboxId }) {
      return { ports: await listPorts(find(sandboxId)) };
    },

    async getMetrics({ sandboxId }) {
      const metrics = await readMetrics(find(sandboxId));
      return {
        at: timestampFromMs(metrics.ts * 1_000),
        cpuUsedPercent: metrics.cpu_used_pct,
        cpuCount: metrics.cpu_count,
        memoryUsedBytes: BigInt(metrics.mem_used),
        memoryTotalBytes: BigInt(metrics.mem_total),
        memoryCacheBytes: BigInt(metrics.mem_cache),
        diskUsedBytes: BigInt(metrics.disk_used),
        diskTotalBytes: BigInt(metrics.disk_total),
      };
    },
  };
};
