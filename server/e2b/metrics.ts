/** What sandboxes use, as E2B's clients ask for it. */
import type { Static } from "@sinclair/typebox";
import { t } from "elysia";

import { formatHexId } from "../../proto/ids.ts";
import { eachLimited } from "../../proto/limit.ts";
import type { TeamCaller } from "../auth/context.ts";
import { invalidRequest } from "../errors.ts";
import type { SandboxContext } from "../sandboxes/context.ts";
import { readSample, type SandboxSample } from "../sandboxes/inspect.ts";
import type { MetricModel } from "./schemas.ts";
import { requireLive, sandboxIdOf } from "./settled.ts";

type Metric = Static<typeof MetricModel>;
type Caller = Pick<TeamCaller, "teamId">;

const MAX_IDS = 100;
/** Guests asked at once. */
const AT_ONCE = 8;

const UnixSec = t.Integer({ minimum: 0, description: "Seconds since 1970" });

export const IntervalQuery = t.Object(
  { start: t.Optional(UnixSec), end: t.Optional(UnixSec) },
  { additionalProperties: true },
);

export const IdsQuery = t.Object(
  { sandbox_ids: t.String({ description: `Up to ${MAX_IDS} ids with commas between` }) },
  { additionalProperties: true },
);

const toMetric = (sample: SandboxSample): Metric => ({
  timestamp: sample.at.toISOString(),
  timestampUnix: Math.floor(sample.at.getTime() / 1_000),
  cpuCount: sample.cpuCount,
  cpuUsedPct: sample.cpuUsedPercent,
  memUsed: sample.memoryUsedBytes,
  memTotal: sample.memoryTotalBytes,
  memCache: sample.memoryCacheBytes,
  diskUsed: sample.diskUsedBytes,
  diskTotal: sample.diskTotalBytes,
});

/** Oldest first; a sandbox that does not run uses nothing. @throws ApiError 400, 404, 503 */
export const metricsOf = async (
  context: SandboxContext,
  caller: Caller,
  id: string,
  { start = 0, end = Infinity }: Static<typeof IntervalQuery>,
): Promise<Metric[]> => {
  if (end < start) throw invalidRequest("end", "after_start", "end: must not be before start.");
  const { status } = await requireLive(context, { id, teamId: caller.teamId });
  if (status !== "running") return [];
  const metric = toMetric(await readSample(context, caller, id));
  return metric.timestampUnix >= start && metric.timestampUnix <= end ? [metric] : [];
};

/** By id as 32 hex digits; those that do not run, or do not answer, are left out. */
export const metricsOfMany = async (
  context: SandboxContext,
  caller: Caller,
  { sandbox_ids }: Static<typeof IdsQuery>,
): Promise<Record<string, Metric>> => {
  const ids = sandbox_ids.split(",").flatMap((text) => text.trim() || []);
  if (ids.length > MAX_IDS) {
    throw invalidRequest("sandbox_ids", "max_items", `sandbox_ids: at most ${MAX_IDS} ids.`);
  }
  const settled = await eachLimited(ids, AT_ONCE, async (text) => {
    const id = sandboxIdOf({ id: text });
    return [formatHexId(id), toMetric(await readSample(context, caller, id))] as const;
  });
  return Object.fromEntries(settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])));
};
