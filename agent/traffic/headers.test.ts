import { expect, test } from "bun:test";

import { fromGuestHeaders, toGuestHeaders } from "./headers.ts";

test("a program in a sandbox cannot mark its answer as the host's own error", () => {
  const kept = fromGuestHeaders(
    new Headers({ "Wrenn-Error": "sandbox_not_found", "wrenn-sandbox-status": "paused", "x-mine": "1" }),
  );
  expect([...kept.keys()]).toEqual(["x-mine"]);
});

test("what belongs to the connection, and the server's proof, stay outside", () => {
  const kept = toGuestHeaders(
    new Headers({
      connection: "close, x-hop",
      "x-hop": "1",
      "wrenn-authorization": "Bearer x",
      authorization: "Basic dXNlcjo=",
    }),
  );
  expect([...kept.keys()]).toEqual(["authorization"]);
});
