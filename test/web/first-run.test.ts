/** /dashboard/sandboxes before a team has had any: what newcomers are told, and the way to the first one. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { ZERO_UUID } from "../../proto/ids.ts";
import { DashboardScene, dialogOf } from "../support/dashboard-scene.ts";
import { addMember, call, signUp, type TestPerson } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { refuseUntilAsked } from "../support/try-again.ts";
import { findObstacles, SIGHTS, type View } from "../support/views.ts";
import { waitFor } from "../support/wait-for.ts";

const EVIL = "<img src=x onerror=alert(1)> 🪶";

let scene: DashboardScene;
const hosts: StandInHost[] = [];
beforeAll(async () => {
  scene = await DashboardScene.start({ WRENN_MONITOR_MS: "200" });
  await remove(scene.host);
}, 60_000);
afterEach(async () => {
  for (const host of hosts.splice(0)) {
    await remove(host);
    await host.stop();
  }
  await scene.leaveAll();
});
afterAll(() => scene.stop());

/** With what runs on it. */
const remove = async ({ id }: StandInHost): Promise<void> => {
  const { status } = await call(scene.server.url, `/v1/hosts/${id}?force=true`, {
    method: "DELETE",
    token: scene.admin.token,
  });
  expect([204, 404]).toContain(status);
};

const HELD: StandInHost["templates"] = [{ team_id: ZERO_UUID, template_id: ZERO_UUID }];

/** What a host is busy with, as its beats and its answers tell. */
const isMaking = async (host: StandInHost, step: string, progress: number, error = ""): Promise<void> => {
  host.templates = [];
  host.building = error === "" ? [{ template_id: ZERO_UUID, progress }] : [];
  host.answers.getHostStatus = () => ({
    work: [{ kind: "template_build", subject: "minimal", step, progress, error }],
  });
  await host.beat();
};

const hasMade = async (host: StandInHost): Promise<void> => {
  Object.assign(host, { templates: HELD, building: [] });
  host.answers.getHostStatus = () => ({ work: [] });
  await host.beat();
};

const join = async (
  person = scene.admin,
  wanted: Record<string, unknown> = {},
  specs: Record<string, unknown> = {},
): Promise<StandInHost> => {
  const host = await StandInHost.join(scene.server.url, person.token, specs, wanted);
  hosts.push(host);
  const path = `/v1/hosts/${host.id}`;
  const isReached = async (): Promise<boolean> =>
    (await call<{ reachable?: boolean }>(scene.server.url, path, { token: person.token })).body.reachable ===
    true;
  await waitFor("the server to reach it", isReached);
  return host;
};

/** Somebody with a team of their own who administers the platform. */
const newAdmin = async (): Promise<TestPerson> => {
  const person = await signUp(scene.server.url, "Grace Hopper");
  await scene.server.database.ownerSql`update users set is_admin = true where email = ${person.email}`;
  return person;
};

const stepOf = (page: Page, heading: string) =>
  page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: heading }) });
const launchButton = (page: Page) => page.getByRole("button", { name: "Launch your first sandbox" });

test("a new instance leads its admin from no host at all to a terminal", async () => {
  const { page } = await scene.visitAs(scene.admin);
  await page.getByRole("heading", { name: "Welcome, Ada Lovelace" }).waitFor();
  await page.getByRole("heading", { name: "A host (to do)" }).waitFor();
  expect(await launchButton(page).getAttribute("aria-disabled")).toBe("true");
  const add = stepOf(page, "A host").getByRole("link", { name: "Add a host" });
  expect(await add.getAttribute("href")).toBe("/admin/hosts");
  const host = await join(scene.admin, { name: "rack-1" });
  await isMaking(host, "unpacking perl-base", 0.25);
  await page.getByRole("heading", { name: "A host (done)" }).waitFor();
  await page.getByRole("heading", { name: "A template (under way)" }).waitFor();
  const bar = page.getByRole("progressbar", { name: "Making the template" });
  await stepOf(page, "A template").getByText("unpacking perl-base").waitFor();
  expect(await bar.getAttribute("aria-valuenow")).toBe("25");
  await isMaking(host, "setting up dash", 0.6);
  await stepOf(page, "A template").getByText("setting up dash").waitFor();
  expect(await bar.getAttribute("aria-valuenow")).toBe("60");
  await hasMade(host);
  await page.getByRole("heading", { name: "A sandbox (to do)" }).waitFor();
  await page.getByText("minimal · 1 vCPU · 512 MB · paused after 5 minutes idle").waitFor();
  await launchButton(page).click();
  await page.waitForURL(/\/dashboard\/sandboxes\/sb-[0-9a-f-]+\?tab=terminal$/);
  await page.getByRole("tab", { name: "Terminal", selected: true }).waitFor();
  await page.getByRole("link", { name: "Sandboxes" }).first().click();
  await page.getByRole("heading", { name: "Sandboxes", exact: true }).waitFor();
  await page.getByRole("row").nth(1).getByText("Running").waitFor();
});

describe("for platform admins", () => {
  test("a build that failed says why, and goes on when the host tries again", async () => {
    const host = await join(scene.admin, { name: "rack-2" });
    await isMaking(host, "starting", 0);
    const { page } = await scene.visitAs(await newAdmin());
    await page.getByRole("heading", { name: "A template (under way)" }).waitFor();
    await isMaking(host, "downloading packages", 0.1, `no mirror ${EVIL}`);
    await page
      .getByRole("alert")
      .filter({ hasText: `no mirror ${EVIL}` })
      .waitFor();
    await page.getByText("systemctl restart wrenn-agent").waitFor();
    expect(await launchButton(page).getAttribute("aria-disabled")).toBe("true");
    await isMaking(host, "downloading packages", 0.2);
    await page.getByRole("alert").waitFor({ state: "detached" });
    await page.getByText("20 %").waitFor();
  });

  test.each([
    ["is not joined", "status = 'pending'", "No machine has joined as this host yet"],
    ["fell silent", "status = 'unreachable'", "systemctl start wrenn-agent"],
    ["is being drained", "draining = true", "It is draining"],
  ])("a host that %s says so, with the next step", async (_, change, words) => {
    const { ownerSql } = scene.server.database;
    await join(scene.admin, { name: "rack-3" });
    await ownerSql.unsafe(`update hosts set ${change} where name = 'rack-3' and deleted_at is null`);
    const { page } = await scene.visitAs(await newAdmin());
    await stepOf(page, "A host").getByText(words).waitFor();
    expect(await launchButton(page).getAttribute("aria-disabled")).toBe("true");
    await stepOf(page, "A host").getByRole("link", { name: "Go to the hosts" }).click();
    await page.getByRole("heading", { name: "Hosts", exact: true }).waitFor();
    await page.goBack();
    await ownerSql`
      update hosts set status = 'online', draining = false where name = 'rack-3' and deleted_at is null`;
    await page.getByRole("heading", { name: "A sandbox (to do)" }).waitFor();
  });

  test("a host that cannot be called says so, until it can", async () => {
    const host = await join(scene.admin, { name: "rack-3" });
    host.raw = () => new Response(null, { status: 502 });
    const { page } = await scene.visitAs(await newAdmin());
    await stepOf(page, "A host").getByText("a firewall may be in between").waitFor();
    expect(await launchButton(page).getAttribute("aria-disabled")).toBe("true");
    host.raw = null;
    await host.beat();
    await page.getByRole("heading", { name: "A sandbox (to do)" }).waitFor();
  });

  test("hosts that cannot be read are read when asked again", async () => {
    await join();
    const { page } = await scene.visitAs(await newAdmin(), { path: "/dashboard/keys" });
    const tryAgain = await refuseUntilAsked(page, "**/v1/admin/hosts?*");
    await page.getByRole("link", { name: "Sandboxes" }).click();
    await page.getByText("It is away.").waitFor();
    await tryAgain();
    await launchButton(page).waitFor();
  });
});

describe("for others", () => {
  const newcomer = (): Promise<TestPerson> => signUp(scene.server.url, "Alan Turing");

  test("no host is to be seen; they are told whom to ask, and how far it is", async () => {
    const { page } = await scene.visitAs(await newcomer());
    await page.getByText("Ask a platform admin").waitFor();
    expect(await launchButton(page).count()).toBe(0);
    const host = await join(scene.admin, { name: "secret-rack" });
    await isMaking(host, "unpacking perl-base", 0.25);
    await page.getByRole("heading", { name: "Almost there" }).waitFor();
    await page.getByText("25 %").waitFor();
    expect(await page.getByText(/secret-rack|perl-base/).count()).toBe(0);
    await hasMade(host);
    await launchButton(page).click();
    await page.waitForURL(/\?tab=terminal$/);
  });

  test("what is chosen is launched, and leads into its terminal as well", async () => {
    await join();
    const person = await newcomer();
    const { page } = await scene.visitAs(person);
    await page.getByRole("button", { name: "Choose size and time…" }).click();
    const dialog = dialogOf(page, "Launch a sandbox");
    await dialog.getByLabel("Processors").selectOption("2 vCPUs");
    await dialog.getByRole("button", { name: "Launch", exact: true }).click();
    await page.waitForURL(/\?tab=terminal$/);
    const { body } = await call(scene.server.url, "/v1/sandboxes", { token: person.token });
    expect(body.items).toMatchObject([{ vcpus: 2, timeout_sec: 300, on_timeout: "pause" }]);
  });

  test("a launch that fails says why, and can be tried again", async () => {
    const host = await join();
    const person = await newcomer();
    host.answers.createSandbox = () => {
      throw new Error("no room");
    };
    const { page } = await scene.visitAs(person);
    await launchButton(page).click();
    await page.getByRole("alert").waitFor();
    delete host.answers.createSandbox;
    await launchButton(page).click();
    await page.waitForURL(/\?tab=terminal$/);
  });

  test("it goes away when somebody else launches, and does not come back", async () => {
    await join();
    const person = await newcomer();
    const { page } = await scene.visitAs(person);
    await launchButton(page).waitFor();
    const { id } = await scene.launch(person);
    await page.getByRole("row").nth(1).waitFor();
    await call(scene.server.url, `/v1/sandboxes/${id}`, { method: "DELETE", token: person.token });
    await page.getByRole("heading", { name: "No sandbox just now" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "No sandbox just now" }).waitFor();
    expect(await launchButton(page).count()).toBe(0);
  });

  test("a team with hosts of its own: its owner adds one, its members ask the owner", async () => {
    await join();
    const owner = await signUp(scene.server.url, EVIL);
    await call(scene.server.url, `/v1/admin/teams/${owner.teamId}/byoc`, {
      method: "PUT",
      token: scene.admin.token,
      body: { enabled: true },
    });
    const member = await addMember(scene.server.url, owner);
    await call(scene.server.url, "/v1/me/default-team", {
      method: "PUT",
      token: member.token,
      body: { team_id: owner.teamId },
    });
    const [{ page: owners }, { page: members }] = [await scene.visitAs(owner), await scene.visitAs(member)];
    await members.getByText(`Ask ${EVIL} to look at its hosts.`).waitFor();
    await owners.getByRole("heading", { name: `Welcome, ${EVIL}` }).waitFor();
    const add = owners.getByRole("link", { name: "Add a host" });
    expect(await add.getAttribute("href")).toBe("/dashboard/byoc");
    await join(owner, { type: "byoc", name: "under-the-desk" });
    await stepOf(owners, "A host").getByText("under-the-desk").waitFor();
    await launchButton(owners).waitFor();
    await launchButton(members).waitFor();
    expect(await members.getByText("under-the-desk").count()).toBe(0);
    expect(await owners.locator("img").count()).toBe(0);
  });
});

test("the first sandbox is launched with the keyboard alone", async () => {
  await join();
  const { page } = await scene.visitAs(await newAdmin());
  await page.getByRole("heading", { name: "A sandbox (to do)" }).waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\?tab=terminal$/);
});

const retell = (page: Page, heading: string) => page.getByRole("heading", { name: heading }).waitFor();

/** Each state from the one before, on one host. */
const viewsOf = (host: () => StandInHost): readonly View[] => [
  ["first run no host", (page) => retell(page, "A host (to do)")],
  [
    "first run building",
    async (page) => {
      await join(scene.admin, { name: "rack-1" }, { accelerator: "kvm" });
      await isMaking(host(), "unpacking libc-bin", 0.42);
      await page.getByText("42 %").waitFor();
    },
  ],
  [
    "first run failed",
    async (page) => {
      await isMaking(
        host(),
        "downloading packages",
        0.1,
        "mmdebstrap: E: cannot reach http://deb.example.com/debian",
      );
      await page.getByRole("alert").waitFor();
    },
  ],
  [
    "first run silent",
    async (page) => {
      await scene.server.database.ownerSql`update hosts set status = 'unreachable' where deleted_at is null`;
      await retell(page, "A host (failed)");
    },
  ],
  [
    "first run ready",
    async (page) => {
      await hasMade(host());
      await retell(page, "A sandbox (to do)");
    },
  ],
];

describe.each([...SIGHTS])("$name", ({ name, ...sight }) => {
  test("nothing stands in an admin's way", async () => {
    const { page } = await scene.visitAs(await newAdmin(), sight);
    const views = viewsOf(() => hosts.at(-1) as StandInHost);
    expect(await findObstacles(page, views, name)).toEqual({});
  });

  test("nor in anybody else's", async () => {
    const { page } = await scene.visitAs(await signUp(scene.server.url, "Alan Turing"), sight);
    const views: View[] = [
      ["first offer asks", (one) => one.getByText("Ask a platform admin").waitFor()],
      [
        "first offer building",
        async (one) => {
          await isMaking(await join(), "unpacking libc-bin", 0.42);
          await one.getByText("42 %").waitFor();
        },
      ],
      [
        "first offer",
        async (one) => {
          await hasMade(hosts.at(-1) as StandInHost);
          await launchButton(one).waitFor();
        },
      ],
    ];
    expect(await findObstacles(page, views, name)).toEqual({});
  });
});
