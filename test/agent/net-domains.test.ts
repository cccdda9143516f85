/** Sandboxes that may reach named hosts only: every way out, tried from inside against a web of its own. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";

import type { HostSlotPool } from "../../agent/net/slot-pool.ts";
import { type NetworkSlot, OPEN_POLICY } from "../../agent/net/slots.ts";
import { GATEWAY_ADDRESS } from "../../agent/system/guest-network.ts";
import {
  LAN_SITE,
  LISTED,
  ListedScene,
  METADATA,
  OTHER_SITE,
  OWN_ADDRESS,
  RESOLVER,
  SITE,
} from "../support/listed-scene.ts";
import type { Peer } from "../support/net-lab.ts";
import { WebPeer } from "../support/web-lab.ts";

describe("a sandbox with an allow-list", () => {
  let scene: ListedScene;
  let pool: HostSlotPool;
  let slot: NetworkSlot;
  let guest: WebPeer;
  let plainGuest: Peer;

  beforeAll(async () => {
    scene = await ListedScene.open();
    ({ pool, slot, guest, plainGuest } = scene);
  }, 60_000);
  afterAll(() => scene[Symbol.asyncDispose](), 30_000);
  beforeEach(() => pool.applyPolicy(slot, LISTED));

  test("names on the list are found, at any depth below a wildcard, and no others", async () => {
    expect(await guest.query(GATEWAY_ADDRESS, "site.example")).toBe(`rcode=0 ${SITE}`);
    expect(await guest.query(GATEWAY_ADDRESS, "SITE.Example")).toBe(`rcode=0 ${SITE}`);
    expect(await guest.query(GATEWAY_ADDRESS, "b.c.wild.example")).toBe(`rcode=0 ${OTHER_SITE}`);
    for (const name of ["other.example", "wild.example", "x.site.example", "localhost"]) {
      expect([name, await guest.query(GATEWAY_ADDRESS, name)]).toEqual([name, "rcode=3"]);
    }
    const asked = await scene.internet.asked();
    expect(asked).toContain("site.example");
    expect(asked).not.toContain("other.example");
    expect(asked).not.toContain("x.site.example");
  });

  test("of a name on the list there are addresses and nothing else", async () => {
    const before = (await scene.internet.asked()).length;
    for (const type of [16, 28, 65, 255]) {
      expect(await guest.query(GATEWAY_ADDRESS, "secret.wild.example", type)).toBe("rcode=0");
    }
    expect((await scene.internet.asked()).length).toBe(before);
  });

  test("addresses that are not the internet are not told", async () => {
    expect(await guest.query(GATEWAY_ADDRESS, "mixed.example")).toBe(`rcode=0 ${SITE}`);
    expect(await guest.query(GATEWAY_ADDRESS, "lan.example")).toBe("rcode=0");
  });

  test("TLS and HTTP to a name on the list get there", async () => {
    expect(await guest.tls(SITE, "site.example")).toBe("site host=site.example path=/ body=0");
    expect(await guest.http(SITE, "site.example")).toBe("site host=site.example path=/ body=0");
    expect(await guest.http(SITE, "SITE.example:80")).toBe("site host=SITE.example:80 path=/ body=0");
    expect(await guest.tls(OTHER_SITE, "a.wild.example")).toStartWith("other host=a.wild.example");
  });

  test("the name decides where it goes, whatever address the guest dialled", async () => {
    expect(await guest.tls(OTHER_SITE, "site.example")).toStartWith("site ");
    expect(await guest.http(METADATA, "site.example")).toStartWith("site ");
    expect(await guest.tls("203.0.113.199", "mixed.example")).toStartWith("site ");
  });

  test("a name off the list is refused on an address of one that is on it", async () => {
    expect(await guest.tls(SITE, "other.example")).toBeNull();
    expect(await guest.http(SITE, "other.example")).toBe(
      "wrenn: other.example is not among the domains that this sandbox may reach",
    );
    expect(await guest.tls(SITE, "wild.example")).toBeNull();
    expect(await guest.http(SITE, SITE)).toStartWith("wrenn: the request has no Host header");
  });

  test("a name on the list that leads to the host, its networks or another sandbox does not", async () => {
    for (const name of ["lan.example", "metadata.example", "neighbour.example", "own.example"]) {
      expect([name, await guest.tls(SITE, name)]).toEqual([name, null]);
      expect([name, await guest.http(SITE, name)]).toEqual([
        name,
        `wrenn: ${name} does not answer, or is not on the internet`,
      ]);
    }
  });

  test("the host's rules refuse those addresses, too, should the gate connect there", async () => {
    const gate = scene.lab.use(new WebPeer(slot.namespace));
    expect(await gate.http(SITE, "x.example")).toBe("site host=x.example path=/ body=0");
    for (const address of [LAN_SITE, METADATA, OWN_ADDRESS]) {
      expect([address, await gate.http(address, "x.example")]).toEqual([address, null]);
    }
    // and of other ports nothing
    expect((await gate.exchange(SITE, 8080, ["?"], { timeoutMs: 300 })).reply).toBeNull();
  });

  test("TLS that names no server, or hides it, is refused; so is what is no TLS", async () => {
    expect((await guest.exchange(SITE, 443, ["GET / HTTP/1.1\r\nHost: site.example\r\n\r\n"])).reply).toBe(
      "\u0015\u0003\u0001\u0000\u0002\u00021",
    );
    expect((await guest.exchange(SITE, 80, ["\u0016\u0003\u0001\u0000\u0005\r\n\r\n"])).reply).toStartWith(
      "HTTP/1.1 400",
    );
    expect(await guest.tls(SITE, "")).toBeNull();
  });

  test("no other way leads out: addresses, ports, DNS elsewhere, QUIC", async () => {
    expect(await plainGuest.tcp(SITE, 8080)).toBeNull();
    expect(await plainGuest.udp(SITE, 8080)).toBeNull();
    expect(await plainGuest.udp(SITE, 443)).toBeNull();
    expect(await plainGuest.udp(SITE, 53)).toBeNull();
    expect(await plainGuest.tcp(SITE, 53)).toBeNull();
    expect(await plainGuest.tcp(SITE, 853)).toBeNull();
    expect(await guest.query(RESOLVER, "site.example")).toBeNull();
    expect(await plainGuest.tcp(GATEWAY_ADDRESS, 53)).toBeNull();
    // they are there
    await pool.applyPolicy(slot, OPEN_POLICY);
    expect(await plainGuest.tcp(SITE, 8080)).toBe(`internet<-${OWN_ADDRESS}`);
    expect(await plainGuest.udp(SITE, 443)).toBe(`internet<-${OWN_ADDRESS}`);
    expect(await plainGuest.udp(SITE, 53)).toBe(`internet<-${OWN_ADDRESS}`);
    expect(await plainGuest.tcp(SITE, 853)).toBe(`internet<-${OWN_ADDRESS}`);
  });

  test("a connection carries one HTTP request: a second, for another host, goes nowhere", async () => {
    const first = "GET /first HTTP/1.1\r\nHost: site.example\r\nConnection: keep-alive\r\n\r\n";
    const second = "GET /second HTTP/1.1\r\nHost: other.example\r\n\r\n";
    for (const pieces of [[first, second], [first + second]]) {
      const { reply, closed } = await guest.exchange(SITE, 80, pieces);
      expect(reply).toContain("path=/first");
      expect(reply?.match(/HTTP\/1\.1/g)).toHaveLength(1);
      expect(reply?.toLowerCase()).toContain("connection: close");
      expect(closed).toBe(true);
    }
    const body = "POST /up HTTP/1.1\r\nHost: site.example\r\nContent-Length: 5\r\n\r\nhello";
    const { reply } = await guest.exchange(SITE, 80, [body + second]);
    expect(reply).toContain("path=/up body=5");
    expect(reply?.match(/HTTP\/1\.1/g)).toHaveLength(1);
    const chunked = "POST /up HTTP/1.1\r\nHost: site.example\r\nTransfer-Encoding: chunked\r\n\r\n";
    const after = await guest.exchange(SITE, 80, [`${chunked}5\r\nhello\r\n`, `0\r\n\r\n${second}`]);
    expect(after.reply).toContain("path=/up body=5");
    expect(after.reply?.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  test("heads that come in pieces are understood", async () => {
    const head = "GET /slow HTTP/1.1\r\nHost: site.example\r\n\r\n";
    const { reply } = await guest.exchange(SITE, 80, head.split(""), { until: "body=0" });
    expect(reply).toContain("path=/slow");
  });

  test("a WebSocket goes through, and an upgrade to anything else does not", async () => {
    const upgrade = (to: string) =>
      `GET /ws HTTP/1.1\r\nHost: site.example\r\nConnection: Upgrade\r\nUpgrade: ${to}\r\n\r\n`;
    const options = { until: "\r\n\r\n", next: "ping" };
    const { reply } = await guest.exchange(SITE, 80, [upgrade("websocket")], options);
    expect(reply).toBe("site echoes ping");
    const plain = await guest.exchange(SITE, 80, [upgrade("h2c")], { until: "body=0" });
    expect(plain.reply).toStartWith("HTTP/1.1 200");
  });

  test("allowed networks are reached directly, beside the list", async () => {
    await pool.applyPolicy(slot, { ...LISTED, allowCidrs: [`${OTHER_SITE}/32`], denyCidrs: ["0.0.0.0/0"] });
    expect(await plainGuest.tcp(OTHER_SITE, 8080)).toBe(`internet<-${OWN_ADDRESS}`);
    expect(await plainGuest.tcp(SITE, 8080)).toBeNull();
    expect(await guest.tls(OTHER_SITE, "anything.example")).toStartWith("other host=anything.example");
    expect(await guest.tls(SITE, "site.example")).toStartWith("site ");
  });

  test("a program that broke out of the VM gets nowhere by way of it", async () => {
    const user = ["setpriv", `--reuid=${slot.uid}`, `--regid=${slot.gid}`, "--clear-groups"];
    const jailed = scene.lab.use(new WebPeer(slot.namespace, user));
    expect(await jailed.http(SITE, "site.example")).toBeNull();
    expect(await jailed.http(GATEWAY_ADDRESS, "site.example")).toBeNull();
    expect(await jailed.query(GATEWAY_ADDRESS, "site.example")).toBeNull();
  }, 20_000);
});
