/** What a request meets before it is passed on into a sandbox. */
import { expect, test } from "bun:test";

import { newId } from "../../proto/ids.ts";
import type { WebSocketRelay } from "../../proto/web-socket-relay.ts";
import type { CallTokenVerifier } from "../rpc/call-token.ts";
import type { Host } from "../sandboxes/host.ts";
import { Sandbox } from "../sandboxes/sandbox.ts";
import { createTrafficHandler } from "./handler.ts";

const sandbox = new Sandbox(newId(), newId());
// Of the host, nothing but its table of sandboxes is looked at before a request is passed on.
const host = { sandboxes: new Map([[sandbox.id, sandbox]]) } as unknown as Host;
const tokens = { verify: () => Promise.resolve() } as unknown as CallTokenVerifier;
const handle = createTrafficHandler(host, tokens);

const ask = (pendingRequests = 1) =>
  handle(new Request(`http://host/traffic/sb-${sandbox.id}/80/`), {
    pendingRequests,
  } as Bun.Server<WebSocketRelay>);

test("a sandbox has a bound on what is under way, and so has the host", async () => {
  const streams = Array.from({ length: 2_000 }, () => ({ abort: () => {} }));
  for (const stream of streams) sandbox.streams.add(stream);
  const refused = await ask();
  expect([refused?.status, refused?.headers.get("wrenn-error"), refused?.headers.get("retry-after")]).toEqual(
    [503, "busy", "1"],
  );
  for (const stream of streams.slice(0, 1)) sandbox.streams.delete(stream);
  // It is let pass, and meets a sandbox that does not run.
  expect((await ask())?.status).toBe(502);
  expect((await ask(1_000_000))?.status).toBe(503);
});

test("a request to a sandbox that was just taken over waits until its guest knows who it is", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  sandbox.accepting = true;
  sandbox.aftermath = promise;
  let answered = false;
  const answer = ask().then((response) => {
    answered = true;
    return response;
  });
  await new Promise((turn) => setImmediate(turn));
  expect(answered).toBe(false);
  resolve();
  expect((await answer)?.status).toBe(502);
});
