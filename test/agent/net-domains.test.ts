/** Sandboxes that may reach named hosts only: every way out, tried from inside against a web of its own. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";

import { makeCertificate } from "../../agent/control/certificate.ts";
import { HostSlotPool } from "../../agent/net/slot-pool.ts";
import { type NetworkPolicy, type NetworkSlot, OPEN_POLICY } from "../../agent/net/slots.ts";
import { run } from "../../agent/system/exec.ts";
import { GATEWAY_ADDRESS } from "../../agent/system/guest-network.ts";
import { NetLab, type Peer } from "../support/net-lab.ts";
import { SlotKeeper } from "../support/slot-keeper.ts";
import { waitFor } from "../support/wait-for.ts";
import { WebPeer } from "../support/web-lab.ts";

const SITE = "203.0.113.110";
const OTHER_SITE = "203.0.113.120";
const SILENT = "203.0.113.130";
const RESOLVER = "203.0.113.153";
const METADATA = "169.254.169.253";
const LAN_SITE = "10.254.251.9";
const LINK = "198.18.79";
/** Of `LINK`: this host's own end. */
const OWN_ADDRESS = `${LINK}.1`;
const INSTANCE = process.pid.toString(16).padStart(6, "b").slice(-6);
const OTHER_INSTANCE = process.pid.toString(16).padStart(6, "c").slice(-6);

const LISTED: NetworkPolicy = {
  ...OPEN_POLICY,
  allowDomains: [
    "site.example",
    "*.wild.example",
    "Mixed.Example.",
    "lan.example",
    "metadata.example",
    "neighbour.example",
    "own.example",
    "silent.example",
    "gone.example",
  ],
};

const openPool = (instanceId = INSTANCE) =>
  HostSlotPool.open({
    instanceId,
    egressAllow: [],
    resolver: RESOLVER,
    spareSlots: 1,
    maxSlots: 6,
    onBackgroundError: (error) => console.error(error),
  });

describe("a sandbox with an allow-list", () => {
  const lab = new NetLab();
  let pool: HostSlotPool;
  let slot: NetworkSlot;
  let guest: WebPeer;
  let plainGuest: Peer;
  let internet: WebPeer;

  beforeAll(async () => {
    const addresses = [SITE, OTHER_SITE, SILENT, RESOLVER, METADATA, LAN_SITE];
    const namespace = await lab.internet(addresses, LINK);
    await run(["nsenter", `--net=/run/netns/${namespace}`, "nft", "-f", "-"], {
      input: `table ip t { chain input { type filter hook input priority 0; ip daddr ${SILENT} drop; }; }\n`,
    });
    internet = lab.use(new WebPeer(namespace));
    const certificate = makeCertificate("site.example");
    for (const [host, name] of [
      [SITE, "site"],
      [OTHER_SITE, "other"],
      [METADATA, "metadata"],
      [LAN_SITE, "lan"],
    ] as const) {
      await internet.serve(host, name, certificate);
    }
    pool = await openPool();
    await pool.sweep(new Set());
    slot = await pool.claim(LISTED);
    const neighbour = await pool.claim(OPEN_POLICY);
    const neighbourNamespace = await lab.guest(neighbour);
    await lab.use(new WebPeer(neighbourNamespace)).serve("169.254.0.21", "neighbour", certificate);
    await internet.serveDns(RESOLVER, {
      "site.example": [SITE],
      "other.example": [OTHER_SITE],
      "a.wild.example": [OTHER_SITE],
      "b.c.wild.example": [OTHER_SITE],
      "wild.example": [OTHER_SITE],
      "mixed.example": [LAN_SITE, SITE],
      "lan.example": [LAN_SITE],
      "metadata.example": [METADATA],
      "neighbour.example": [neighbour.address],
      "own.example": [OWN_ADDRESS, "127.0.0.1"],
      "silent.example": [SILENT],
    });
    const guestNamespace = await lab.guest(slot);
    guest = lab.use(new WebPeer(guestNamespace));
    plainGuest = lab.peerIn(guestNamespace);
    const plainInternet = lab.peerIn(namespace);
    for (const address of [SITE, OTHER_SITE]) {
      await plainInternet.listen(8080, "internet", address);
      await plainInternet.listen(853, "internet", address);
      await plainInternet.listen(53, "internet", address);
    }
    // the datagrams of QUIC, next to TLS
    await plainInternet.listenUdp(443, "internet", SITE);
  }, 60_000);

  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
    await pool.destroy();
  }, 30_000);

  beforeEach(() => pool.applyPolicy(slot, LISTED));

  test("names on the list are found, at any depth below a wildcard, and no others", async () => {
    expect(await guest.query(GATEWAY_ADDRESS, "site.example")).toBe(`rcode=0 ${SITE}`);
    expect(await guest.query(GATEWAY_ADDRESS, "SITE.Example")).toBe(`rcode=0 ${SITE}`);
    expect(await guest.query(GATEWAY_ADDRESS, "b.c.wild.example")).toBe(`rcode=0 ${OTHER_SITE}`);
    for (const name of ["other.example", "wild.example", "x.site.example", "localhost"]) {
      expect([name, await guest.query(GATEWAY_ADDRESS, name)]).toEqual([name, "rcode=3"]);
    }
    const asked = await internet.asked();
    expect(asked).toContain("site.example");
    expect(asked).not.toContain("other.example");
    expect(asked).not.toContain("x.site.example");
  });

  test("of a name on the list there are addresses and nothing else", async () => {
    const before = (await internet.asked()).length;
    for (const type of [16, 28, 65, 255]) {
      expect(await guest.query(GATEWAY_ADDRESS, "secret.wild.example", type)).toBe("rcode=0");
    }
    expect((await internet.asked()).length).toBe(before);
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
    const gate = lab.use(new WebPeer(slot.namespace));
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

  test("a change holds at once, and ends what it no longer allows", async () => {
    expect(await guest.open("kept", SITE, "site.example")).toContain("path=/first");
    expect(await guest.open("lost", SITE, "a.wild.example")).toContain("path=/first");
    await pool.applyPolicy(slot, { ...LISTED, allowDomains: ["site.example", "other.example"] });
    expect(await guest.again("kept")).toContain("path=/again");
    expect(await guest.again("lost")).toBeNull();
    expect(await guest.tls(SITE, "a.wild.example")).toBeNull();
    expect(await guest.tls(SITE, "other.example")).toStartWith("other ");
    expect(await guest.query(GATEWAY_ADDRESS, "other.example")).toBe(`rcode=0 ${OTHER_SITE}`);

    await pool.applyPolicy(slot, OPEN_POLICY);
    expect(await guest.again("kept")).toContain("path=/again");
    expect(await guest.open("direct", OTHER_SITE, "anything.example")).toContain("path=/first");
    expect(await guest.query(GATEWAY_ADDRESS, "wild.example")).toBe(`rcode=0 ${OTHER_SITE}`);
    await pool.applyPolicy(slot, { ...OPEN_POLICY, denyCidrs: [`${SITE}/32`] });
    expect(await guest.again("kept")).toBeNull();
    expect(await guest.again("direct")).toContain("path=/again");
    await pool.applyPolicy(slot, LISTED);
    expect(await guest.again("direct")).toBeNull();
  });

  test("off is off, not even DNS", async () => {
    expect(await guest.open("cut", SITE, "site.example")).toContain("path=/first");
    await pool.applyPolicy(slot, { ...LISTED, allowInternet: false });
    expect(await guest.again("cut")).toBeNull();
    expect(await guest.tls(SITE, "site.example")).toBeNull();
    expect(await guest.http(SITE, "site.example")).toBeNull();
    expect(await guest.query(GATEWAY_ADDRESS, "site.example")).toBeNull();
  });

  test("servers that do not answer are given up, and the guest is told", async () => {
    const started = performance.now();
    const { reply } = await guest.exchange(SITE, 80, ["GET / HTTP/1.1\r\nHost: silent.example\r\n\r\n"], {
      timeoutMs: 10_000,
    });
    expect(reply).toStartWith("HTTP/1.1 502");
    expect(performance.now() - started).toBeLessThan(9_000);
    expect(await guest.http(SITE, "gone.example")).toContain("does not answer");
  }, 20_000);

  test("a program that broke out of the VM gets nowhere by way of it", async () => {
    const user = ["setpriv", `--reuid=${slot.uid}`, `--regid=${slot.gid}`, "--clear-groups"];
    const jailed = lab.use(new WebPeer(slot.namespace, user));
    expect(await jailed.http(SITE, "site.example")).toBeNull();
    expect(await jailed.http(GATEWAY_ADDRESS, "site.example")).toBeNull();
    expect(await jailed.query(GATEWAY_ADDRESS, "site.example")).toBeNull();
  }, 20_000);

  test("whatever bytes it is sent, the next request is served", async () => {
    const noise = (seed: number): string =>
      Array.from({ length: 1 + ((seed * 7_919) % 400) }, (_, index) =>
        String.fromCharCode((seed * 31 + index * index * 17 + (index % (seed + 3)) * 91) & 255),
      ).join("");
    const starts = [
      "",
      "\u0016\u0003\u0001\u0000\u0080\u0001\u0000\u0000\u007c",
      "GET / HTTP/1.1\r\nHost: site.example\r\n",
    ];
    for (let seed = 0; seed < 60; seed += 1) {
      const text = `${starts[seed % starts.length]}${noise(seed)}`;
      await guest.exchange(SITE, seed % 2 === 0 ? 80 : 443, [text, "\r\n\r\n"], { timeoutMs: 20 });
    }
    expect(await guest.http(SITE, "site.example")).toStartWith("site ");
    expect(await guest.tls(SITE, "site.example")).toStartWith("site ");
  }, 30_000);

  test("connections are bounded, and served again when there is room", async () => {
    expect(await guest.crowd(SITE, 300)).toBe(300 - 256);
    expect(await guest.http(SITE, "site.example")).toBeNull();
    await guest.disperse();
    await waitFor("there is room", async () => (await guest.http(SITE, "site.example")) !== null);
  }, 20_000);

  test("new connections come no faster than the agent can bear, and none is lost for it", async () => {
    const count = 700;
    const started = performance.now();
    expect(await guest.rush(SITE, "site.example", count)).toBe(count);
    // 400 at once, then 200 a second
    expect(performance.now() - started).toBeGreaterThan(1_000);
  }, 60_000);

  test("large transfers arrive whole, both ways", async () => {
    const size = 64 * 1024 * 1024;
    expect(await guest.transfer(SITE, "site.example", "down", size)).toBe(size);
    expect(await guest.transfer(SITE, "site.example", "up", size)).toBe(size);
  }, 60_000);

  test("the listeners are in the slot's namespace, and no thread of this process stays there", async () => {
    const listeners = await run(["nsenter", `--net=/run/netns/${slot.namespace}`, "ss", "-Hltun"]);
    expect(listeners.split("\n").filter((line) => line.includes(GATEWAY_ADDRESS))).toHaveLength(3);
    expect(await run(["ss", "-Hltun"])).not.toContain(GATEWAY_ADDRESS);
    const namespaces = readdirSync("/proc/self/task").map((task) =>
      readlinkSync(`/proc/self/task/${task}/ns/net`),
    );
    expect(new Set(namespaces).size).toBe(1);
  });

  test("after a kill nothing gets out until the next agent has put the gate back", async () => {
    const policy = { ...LISTED, allowCidrs: [`${OTHER_SITE}/32`] };
    await using keeper = await SlotKeeper.start({
      instanceId: OTHER_INSTANCE,
      resolver: RESOLVER,
      policy,
    });
    const other = lab.use(new WebPeer(await lab.guest(keeper.slot)));
    expect(await other.open("direct", OTHER_SITE, "anything.example")).toContain("path=/first");
    expect(await other.tls(SITE, "site.example")).toStartWith("site ");
    await keeper.kill();
    expect(await other.tls(SITE, "site.example")).toBeNull();
    expect(await other.http(SITE, "site.example")).toBeNull();
    expect(await other.query(GATEWAY_ADDRESS, "site.example")).toBeNull();
    expect(await other.again("direct")).toContain("path=/again");
    const next = await openPool(OTHER_INSTANCE);
    try {
      await next.adopt(keeper.slot.index, policy);
      expect(await other.again("direct")).toContain("path=/again");
      expect(await other.tls(SITE, "site.example")).toStartWith("site ");
      expect(await other.tls(SITE, "other.example")).toBeNull();
      expect(await other.query(GATEWAY_ADDRESS, "site.example")).toBe(`rcode=0 ${SITE}`);
    } finally {
      await next.destroy();
    }
  }, 30_000);

  test("a slot that is used again knows nothing of its last user's list", async () => {
    const used = await pool.claim(LISTED);
    await pool.release(used);
    const again = await pool.claim(OPEN_POLICY);
    expect(again.index).toBe(used.index);
    const listeners = await run(["nsenter", `--net=/run/netns/${again.namespace}`, "ss", "-Hltun"]);
    expect(listeners).toBe("");
    const user = lab.peerIn(await lab.guest(again));
    expect(await user.tcp(SITE, 8080)).toBe(`internet<-${OWN_ADDRESS}`);
    await pool.release(again);
  });
});
