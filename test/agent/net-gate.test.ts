/** The gate of a sandbox with an allow-list: changes, bounds, and what becomes of it without its agent. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";

import type { HostSlotPool } from "../../agent/net/slot-pool.ts";
import { type NetworkSlot, OPEN_POLICY } from "../../agent/net/slots.ts";
import { run } from "../../agent/system/exec.ts";
import { GATEWAY_ADDRESS } from "../../agent/system/guest-network.ts";
import {
  LISTED,
  ListedScene,
  openPool,
  OTHER_INSTANCE,
  OTHER_SITE,
  OWN_ADDRESS,
  RESOLVER,
  SITE,
} from "../support/listed-scene.ts";
import { SlotKeeper } from "../support/slot-keeper.ts";
import { waitFor } from "../support/wait-for.ts";
import { WebPeer } from "../support/web-lab.ts";

describe("the gate of a sandbox with an allow-list", () => {
  let scene: ListedScene;
  let pool: HostSlotPool;
  let slot: NetworkSlot;
  let guest: WebPeer;

  beforeAll(async () => {
    scene = await ListedScene.open();
    ({ pool, slot, guest } = scene);
  }, 60_000);
  afterAll(() => scene[Symbol.asyncDispose](), 30_000);
  beforeEach(() => pool.applyPolicy(slot, LISTED));

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
    const other = scene.lab.use(new WebPeer(await scene.lab.guest(keeper.slot)));
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
    const user = scene.lab.peerIn(await scene.lab.guest(again));
    expect(await user.tcp(SITE, 8080)).toBe(`internet<-${OWN_ADDRESS}`);
    await pool.release(again);
  });

  describe("with a hostile guest", () => {
    let fresh: WebPeer;

    beforeAll(async () => {
      fresh = await scene.freshGuest();
    }, 30_000);

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
        await fresh.exchange(SITE, seed % 2 === 0 ? 80 : 443, [text, "\r\n\r\n"], { timeoutMs: 20 });
      }
      expect(await fresh.http(SITE, "site.example")).toStartWith("site ");
      expect(await fresh.tls(SITE, "site.example")).toStartWith("site ");
    }, 30_000);

    test("nothing is left of all that; connections are bounded, and served again when there is room", async () => {
      expect(await fresh.crowd(SITE, 300)).toBe(300 - 256);
      expect(await fresh.http(SITE, "site.example")).toBeNull();
      await fresh.disperse();
      await waitFor("there is room", async () => (await fresh.http(SITE, "site.example")) !== null);
    }, 20_000);

    test("new connections come no faster than the agent can bear, and none is lost for it", async () => {
      const count = 700;
      const started = performance.now();
      expect(await fresh.rush(SITE, "site.example", count)).toBe(count);
      // 400 at once, then 200 a second
      expect(performance.now() - started).toBeGreaterThan(1_000);
    }, 60_000);
  });
});
