/** The way back from a provider: bound to its browser, once, in time; and everyone coming back at once. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { browserOf, emailOf, GithubScene, startAt } from "../support/github-scene.ts";
import { endOf, goToCallback, visit, whoIsIn } from "../support/provider-sign-in.ts";

let scene: GithubScene;
beforeAll(async () => {
  scene = await GithubScene.start();
}, 30_000);
afterAll(() => scene.stop());

describe("the way back", () => {
  test("another browser's answer counts for nothing, without and with a way of its own", async () => {
    const attacker = browserOf(scene.newPerson());
    const callback = await goToCallback(attacker, startAt(scene.url, "signup"));
    const victim = browserOf(scene.newPerson());
    expect(await visit(victim, callback)).toBe("flow_expired");
    await goToCallback(victim, startAt(scene.url, "signup"));
    expect(await visit(victim, callback)).toBe("state_mismatch");
    expect(await whoIsIn(victim, scene.url)).toBeNull();
    // Neither used it up for whom it belongs to.
    expect(await visit(attacker, callback)).toBe("in");
  });

  test("a mixed-up tab does not end the sign-in of the other", async () => {
    const browser = browserOf(scene.newPerson());
    const first = await goToCallback(browser, startAt(scene.url, "signup"));
    const second = await goToCallback(browser, startAt(scene.url, "signup"));
    expect(await visit(browser, first.href)).toBe("state_mismatch");
    expect(await visit(browser, second.href)).toBe("in");
  });

  test.each([
    ["another state", (address: URL) => address.searchParams.set("state", "x".repeat(43))],
    ["no state", (address: URL) => address.searchParams.delete("state")],
  ])("%s", async (_what, change) => {
    const browser = browserOf(scene.newPerson());
    const callback = await goToCallback(browser, startAt(scene.url, "signup"));
    change(callback);
    expect(await visit(browser, callback)).toBe("state_mismatch");
    expect(await whoIsIn(browser, scene.url)).toBeNull();
  });

  test("someone else's code in one's own way back is refused by PKCE", async () => {
    const stolen = await goToCallback(browserOf(scene.newPerson()), startAt(scene.url, "signup"));
    const thief = browserOf(scene.newPerson());
    const callback = await goToCallback(thief, startAt(scene.url, "signup"));
    callback.searchParams.set("code", stolen.searchParams.get("code") ?? "");
    expect(await visit(thief, callback)).toBe("provider_error");
  });

  test("it counts once, also for a browser that kept its cookie", async () => {
    const browser = browserOf(scene.newPerson());
    const callback = await goToCallback(browser, startAt(scene.url, "signup"));
    const cookie = browser.cookieFor(callback);
    expect(await visit(browser, callback)).toBe("in");
    const again = await fetch(callback, { redirect: "manual", headers: { cookie } });
    expect(endOf(new URL(again.headers.get("location") ?? ""))).toBe("flow_used");
  });

  test("it counts for ten minutes", async () => {
    const browser = browserOf(scene.newPerson());
    const callback = await goToCallback(browser, startAt(scene.url, "signup"));
    const [row] = await scene.server.database.sql`
      update oauth_flows set expires_at = now() - interval '1 second'
      where created_at = (select max(created_at) from oauth_flows)
      returning extract(epoch from expires_at - created_at)::int as unused`;
    expect(row).toBeDefined();
    expect(await visit(browser, callback)).toBe("flow_expired");
  });

  test("what is kept of it does not open it", async () => {
    const callback = await goToCallback(browserOf(scene.newPerson()), startAt(scene.url));
    const state = callback.searchParams.get("state") ?? "";
    const rows = await scene.server.database
      .sql`select oauth_flows::text as row, state_hash from oauth_flows`;
    expect(rows.length).toBeGreaterThan(0);
    for (const { row } of rows) expect(String(row)).not.toContain(state);
    const digest = new Bun.CryptoHasher("sha256").update(state).digest("hex");
    expect(rows.map(({ state_hash }) => state_hash.toString("hex"))).toContain(digest);
  });
});

describe("everyone at once", () => {
  test("fifty uses of one way back: one gets in", async () => {
    const person = scene.newPerson();
    const browser = browserOf(person);
    const callback = await goToCallback(browser, startAt(scene.url, "signup"));
    const cookie = browser.cookieFor(callback);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => fetch(callback, { redirect: "manual", headers: { cookie } })),
    );
    const ends = answers.map(({ headers }) => endOf(new URL(headers.get("location") ?? "")));
    expect(ends.filter((end) => end === "in")).toHaveLength(1);
    expect(ends.filter((end) => end === "flow_used")).toHaveLength(49);
    const sessions = await scene.server.database.sql`
      select from sessions s join users u on u.id = s.user_id where u.email = ${emailOf(person)}`;
    expect(sessions).toHaveLength(1);
  });

  test("twenty sign-ups of one identity make one account, and all get in", async () => {
    const person = scene.newPerson();
    const ways = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const browser = browserOf(person);
        return { browser, callback: await goToCallback(browser, startAt(scene.url, "signup")) };
      }),
    );
    const ends = await Promise.all(ways.map(({ browser, callback }) => visit(browser, callback)));
    expect(ends).toEqual(ends.map(() => "in"));
    expect(await scene.countUsers(emailOf(person))).toBe(1);
    const people = await Promise.all(ways.map(({ browser }) => whoIsIn(browser, scene.url)));
    expect(new Set(people.map((one) => one?.user_id)).size).toBe(1);
  }, 30_000);

  test("twenty identities with one address: one account, the others are told", async () => {
    const emails = [{ email: "shared@example.com", primary: true, verified: true }];
    const ways = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const browser = browserOf(scene.newPerson({ emails }));
        return { browser, callback: await goToCallback(browser, startAt(scene.url, "signup")) };
      }),
    );
    const ends = await Promise.all(ways.map(({ browser, callback }) => visit(browser, callback)));
    expect(ends.filter((end) => end === "in")).toHaveLength(1);
    expect(ends.filter((end) => end === "email_taken")).toHaveLength(19);
    expect(await scene.countUsers("shared@example.com")).toBe(1);
  }, 30_000);
});
