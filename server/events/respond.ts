/** Ties a client of the hub to an HTTP answer that lasts. */
import type { Server } from "bun";

import type { Audience } from "./audience.ts";
import { EventClient } from "./client.ts";
import { parseCursor } from "./cursor.ts";
import type { EventHub } from "./hub.ts";
import type { StreamLimits } from "./stream-limits.ts";

export interface EventStreams {
  hub: EventHub;
  limits: StreamLimits;
}

/** @throws ApiError 429 `too_many_streams`, 503 `busy`. */
export const streamEvents = (
  { hub, limits }: EventStreams,
  audience: Audience,
  { request, server }: { request: Request; server: Server<unknown> | null },
): Response => {
  const giveBack = limits.take(audience.userId);
  // It may be silent for as long as nothing happens.
  server?.timeout(request, 0);
  const last = request.headers.get("last-event-id") ?? "";
  const client = new EventClient(audience, last === "" ? null : (parseCursor(last) ?? "unknown"));
  const leave = (): void => {
    hub.leave(client);
    giveBack();
  };
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      start: () => hub.join(client),
      async pull(controller) {
        const text = await client.outbox.take();
        if (text !== null) {
          controller.enqueue(encoder.encode(text));
          return;
        }
        leave();
        controller.close();
      },
      cancel: leave,
    },
    { highWaterMark: 0 },
  );
  request.signal.addEventListener("abort", leave, { once: true });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      // For a proxy that would wait for more before it passes anything on.
      "x-accel-buffering": "no",
    },
  });
};
