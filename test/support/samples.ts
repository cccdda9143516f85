/** What a host that has noted samples answers: some of the last rounds, of these sandboxes. */
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";

import {
  type ListSamplesRequest,
  type ListSamplesResponse,
  ListSamplesResponseSchema,
  SampleRoundSchema,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";

const GRID_MS = 15_000;
const MB = 2 ** 20;

/** A host's `listSamples`: processors that rise and fall, 100 MB of memory, 200 MB of disk. */
export const sampleRounds = (
  ids: readonly string[],
  count: number,
): ((request: ListSamplesRequest) => ListSamplesResponse) => {
  const lastMs = Math.floor(Date.now() / GRID_MS) * GRID_MS;
  const rounds = Array.from({ length: count }, (_, index) => {
    const atMs = lastMs - (count - 1 - index) * GRID_MS;
    return create(SampleRoundSchema, {
      round: BigInt(atMs),
      at: timestampFromMs(atMs),
      hostCpuUsedPercent: 25,
      hostFreeMemoryMb: 4_000n,
      hostFreeDiskMb: 90_000n,
      sandboxes: ids.map((sandboxId) => ({
        sandboxId,
        cpuUsedPercent: 40 + 35 * Math.sin(index / 2),
        cpuCount: 2,
        memoryUsedBytes: BigInt(100 * MB),
        memoryTotalBytes: BigInt(512 * MB),
        memoryCacheBytes: BigInt(MB),
        diskUsedBytes: BigInt(200 * MB),
        diskTotalBytes: BigInt(5_120 * MB),
      })),
    });
  });
  return ({ afterRound }) =>
    create(ListSamplesResponseSchema, {
      rounds: rounds.filter(({ round }) => round > afterRound),
      lastRound: rounds.at(-1)?.round ?? 0n,
      now: timestampFromMs(Date.now()),
    });
};
