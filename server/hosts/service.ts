/** What people do with hosts: see them, and remove them. Joining is `registration.ts`. */
import type { Sql, Tx } from "../../db/sql.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import { hostEvents } from "../audit/host-events.ts";
import { recordAll } from "../audit/record.ts";
import { conflict } from "../errors.ts";
import type { Log } from "../log.ts";
import { endSandboxes } from "../sandboxes/end-all.ts";
import { destroyOnHost } from "../sandboxes/host-calls.ts";
import { listLive } from "../sandboxes/store.ts";
import { listHeldNames } from "../templates/store.ts";
import { type Changer, hostNotFound, keepRight } from "./access.ts";
import type { HostClientPool } from "./client-pool.ts";
import { endpointOf, type Host } from "./host.ts";
import { deleteHost, lockHost } from "./store.ts";

export interface HostDeps {
  sql: Sql;
  hosts: HostClientPool;
  log: Log;
}

/** Something slow under way on a host. */
export interface HostWork {
  kind: string;
  subject: string;
  step: string;
  progress: number;
  error: string;
}

const ASK_MS = 3_000;

/** What the agent is busy with; nothing when it does not answer: its status tells that. */
export const askWork = async ({ hosts }: Pick<HostDeps, "hosts">, host: Host): Promise<HostWork[]> => {
  const endpoint = endpointOf(host);
  if (!endpoint || host.status !== "online") return [];
  const answer = await hosts
    .client(endpoint)
    .getHostStatus({}, { timeoutMs: ASK_MS })
    .catch(() => null);
  return (answer?.work ?? []).map(({ kind, subject, step, progress, error }) => ({
    kind,
    subject,
    step,
    progress,
    error,
  }));
};

export const heldTemplates = ({ sql }: Pick<HostDeps, "sql">, host: Host): Promise<string[]> =>
  listHeldNames(sql, host.id);

/**
 * Removes a host. With `force` its sandboxes end first: on the agent too, if it answers.
 * @throws ApiError 409 `host_has_sandboxes` with `sandbox_ids`, running and paused ones.
 */
export const removeHost = async (
  { sql, hosts, log }: HostDeps,
  changer: Changer,
  { host, force }: { host: Host; force: boolean },
): Promise<void> => {
  const { actor } = changer;
  const ended = await sql.begin(async (tx: Tx) => {
    await keepRight(tx, changer, { teamId: host.teamId, what: "remove hosts" });
    // No sandbox can be put on it from here to the commit.
    if (!(await lockHost(tx, host.id))) throw hostNotFound(host.id);
    const sandboxes = await listLive(tx, { hostId: host.id });
    if (sandboxes.length > 0 && !force) {
      throw conflict("host_has_sandboxes", "The host has sandboxes; delete them, or use force to end them.", {
        sandbox_ids: sandboxes.map(({ id }) => formatSandboxId(id)),
      });
    }
    await deleteHost(tx, host.id);
    const ends = await endSandboxes(tx, { sandboxes, reason: "host_deleted" });
    await recordAll(tx, [...ends, hostEvents.deleted({ teamId: host.teamId, actor, hostId: host.id })]);
    return sandboxes;
  });
  for (const { id, endpoint } of ended) if (endpoint) void destroyOnHost({ hosts, log }, endpoint, id);
  hosts.evict(host.id);
};
