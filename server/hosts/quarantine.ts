/**
 * Sandboxes that a host has and the database does not know, as after a restored backup. The reconcile pauses
 * and keeps them: only a person can tell what they are.
 */
import type { Sql } from "../../db/sql.ts";
import { SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { parseSandboxId } from "../../proto/ids.ts";
import type { HostClientPool } from "./client-pool.ts";
import { endpointOf, type Host } from "./host.ts";
import { findKnown } from "./reconcile-store.ts";

const ASK_MS = 3_000;

/** Their bare ids, asked of the host now; none when it does not answer: its status tells that. */
export const findQuarantined = async (
  { sql, hosts }: { sql: Sql; hosts: HostClientPool },
  host: Host,
): Promise<string[]> => {
  const endpoint = endpointOf(host);
  if (!endpoint || host.status !== "online") return [];
  const answer = await hosts
    .client(endpoint)
    .listSandboxes({}, { timeoutMs: ASK_MS })
    .catch(() => null);
  const held = (answer?.sandboxes ?? [])
    .filter(({ status }) => status !== SandboxStatus.ENDED)
    .map(({ sandboxId }) => parseSandboxId(sandboxId))
    .filter((id) => id !== null);
  // Read after the host answered: whatever it holds had a row before.
  const known = new Set(await findKnown(sql, held));
  return held.filter((id) => !known.has(id)).toSorted();
};
