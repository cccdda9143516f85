import { describe, expect, test } from "bun:test";

import type { Server } from "bun";

import { clientAddress, Requests } from "./requests.ts";

describe("Requests", () => {
  test("know a request from its first moment", () => {
    const requests = new Requests();
    const request = new Request("http://localhost/");
    expect(requests.info(request)).toBe(requests.info(request));
    expect(requests.info(new Request("http://localhost/")).id).not.toBe(requests.info(request).id);
  });
});

describe("clientAddress", () => {
  // The one method that is asked; a socket would always say 127.0.0.1.
  const from = (address: string) =>
    ({ requestIP: () => ({ address, family: "IPv4", port: 1 }) }) as unknown as Server<unknown>;
  const ask = (peer: string, forwarded: string | null) =>
    clientAddress({
      request: new Request("http://localhost/", {
        headers: forwarded === null ? {} : { "x-forwarded-for": forwarded },
      }),
      server: from(peer),
      trustedProxies: ["10.0.0.1", "10.0.0.2"],
    });

  test.each([
    ["203.0.113.7", null, "203.0.113.7"],
    ["203.0.113.7", "198.51.100.1", "203.0.113.7"],
    ["10.0.0.1", null, "10.0.0.1"],
    ["::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["::ffff:203.0.113.7", null, "203.0.113.7"],
    ["10.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["10.0.0.1", "1.2.3.4, 198.51.100.1", "198.51.100.1"],
    ["10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"],
  ])("peer %s, forwarded for %p: %s", (peer, forwarded, expected) => {
    expect(ask(peer, forwarded)).toBe(expected);
  });
});
