/** A viewer's items as the events of Start and Connect. */
import type { MessageInitShape } from "@bufbuild/protobuf";

import type { ProcessEventSchema } from "../../../proto/gen/process/process_pb.ts";
import type { OpenStream } from "../streams.ts";
import type { OutputItem, Viewer } from "./output.ts";
import type { RunningProcess } from "./running.ts";

export type EventInit = MessageInitShape<typeof ProcessEventSchema>;

const DEFAULT_KEEPALIVE_MS = 90_000;
/** Asked for more often, signs of life alone would keep the agent busy. */
const MIN_KEEPALIVE_MS = 50;

/** From `Keepalive-Ping-Interval`, in seconds. */
export const keepaliveMs = (headers: Headers): number => {
  const seconds = Number(headers.get("keepalive-ping-interval") ?? "");
  return Number.isFinite(seconds) && seconds > 0 && seconds <= 86_400
    ? Math.max(MIN_KEEPALIVE_MS, seconds * 1_000)
    : DEFAULT_KEEPALIVE_MS;
};

const eventOf = (item: OutputItem): EventInit => {
  switch (item.kind) {
    case "data":
      return {
        event: { case: "data", value: { output: { case: item.chunk.channel, value: item.chunk.bytes } } },
      };
    case "keepalive":
      return { event: { case: "keepalive", value: {} } };
    case "end":
      return { event: { case: "end", value: item.end } };
  }
};

/** `start`, then everything the viewer sees, until the process ends or the stream is left. */
export async function* follow(
  process: RunningProcess,
  viewer: Viewer,
  stream: OpenStream,
): AsyncGenerator<{ event: EventInit }, void, void> {
  try {
    yield { event: { event: { case: "start", value: { pid: process.pid } } } };
    for await (const item of viewer.items()) {
      yield { event: eventOf(item) };
      if (item.kind === "end") return;
    }
    stream.throwIfLate();
  } finally {
    viewer.detach();
    stream.close();
  }
}
