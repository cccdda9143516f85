import { describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";

import { BadConfig } from "../config.ts";
import { chooseListen, followAddress, listenFor } from "./address.ts";
import type { Credentials } from "./credentials.ts";

const CERTIFIED: Credentials = {
  host_id: "",
  server_url: "http://127.0.0.1:9",
  token: "",
  refresh_token: "",
  server_public_key: {},
  instance_id: "",
  address: "https://192.0.2.7:7070",
  tls_cert: "PEM",
  tls_key: "PEM",
};
const PLAIN: Credentials = { ...CERTIFIED, address: "http://127.0.0.1:7070", tls_cert: null, tls_key: null };

test.each([
  ["http://127.0.0.1:7070", "127.0.0.1", 7_070],
  ["http://127.0.0.2:7070", "127.0.0.2", 7_070],
  ["http://localhost:80", "127.0.0.1", 80],
  ["http://[::1]:7070", "::1", 7_070],
  ["https://192.0.2.7:7071", "0.0.0.0", 7_071],
  ["https://host.example", "0.0.0.0", 443],
  ["https://[2001:db8::7]:7070", "::", 7_070],
])("an agent at %s listens on %s:%d", (address, hostname, port) => {
  expect(listenFor(new URL(address))).toEqual({ hostname, port });
});

describe("where to listen", () => {
  const address = new URL(CERTIFIED.address);

  test("is configured, else as said at registration, else as the address needs it", () => {
    const said = { ...CERTIFIED, listen: "10.0.0.5:8080" };
    const configured = { hostname: "10.0.0.6", port: 9_090 };
    expect(chooseListen(configured, { credentials: said, address })).toEqual(configured);
    expect(chooseListen(null, { credentials: said, address })).toEqual({ hostname: "10.0.0.5", port: 8_080 });
    expect(chooseListen(null, { credentials: CERTIFIED, address })).toEqual({
      hostname: "0.0.0.0",
      port: 7_070,
    });
  });

  test("is never in the clear for other machines", () => {
    const everywhere = { hostname: "0.0.0.0", port: 7_070 };
    const here = new URL(PLAIN.address);
    expect(() => chooseListen(everywhere, { credentials: PLAIN, address: here })).toThrow(BadConfig);
    expect(() => chooseListen(null, { credentials: PLAIN, address })).toThrow(BadConfig);
    expect(chooseListen(null, { credentials: PLAIN, address: here }).hostname).toBe("127.0.0.1");
  });
});

describe("the address told to the server", () => {
  const lost = { ...CERTIFIED, address: "https://192.0.2.7:7070", address_found: true };

  test("stays when the operator gave it", async () => {
    expect(await followAddress({ given: null, credentials: { ...lost, address_found: false } })()).toBe(
      lost.address,
    );
    expect(await followAddress({ given: "https://other.example:1", credentials: lost })()).toBe(
      "https://other.example:1",
    );
  });

  test("is kept when there is no route to the server", async () => {
    const credentials = { ...lost, server_url: "http://no-such-name.invalid" };
    expect(await followAddress({ given: null, credentials })()).toBe(lost.address);
  });

  const [own] = Object.values(networkInterfaces())
    .flat()
    .flatMap((entry) => (entry === undefined || entry.internal || entry.family !== "IPv4" ? [] : entry));
  test.if(own !== undefined)("is found anew when the machine has lost it", async () => {
    // The route to an own address comes from that address.
    const credentials = { ...lost, server_url: `http://${own?.address}:4400` };
    const next = await followAddress({ given: null, credentials })();
    expect(next).not.toBe(lost.address);
    expect(next).toMatch(/^https:\/\/[0-9.]+:7070$/);
  });
});
