/** Sets the stage, takes the pictures one after the other, and clears up. */
import { join } from "node:path";

import { testDirectory } from "../support/agent-directory.ts";
import { TestBrowser } from "../support/browser.ts";
import { testDashboard } from "../support/dashboard.ts";
import { startTestServer } from "../support/server.ts";
import { Camera } from "./camera.ts";
import { fetchFonts } from "./fonts.ts";
import { fileOf, type Picture } from "./pictures.ts";
import { seed } from "./seed.ts";
import { Workshop } from "./workshop.ts";

export interface PhotographOptions {
  directory: string;
  /** Where the server seems to be; it must be plain HTTP. */
  address: string;
  /** Written whether they show something new or not. */
  isAsked: boolean;
}

export const photograph = async (
  pictures: readonly Picture[],
  { directory, address, isAsked }: PhotographOptions,
): Promise<void> => {
  await using cleanup = new AsyncDisposableStack();
  const server = await startTestServer({
    WRENN_WEB_DIR: await testDashboard(),
    WRENN_PUBLIC_URL: address,
  });
  cleanup.defer(() => server.stop());
  const seeded = await seed(server);
  for (const host of seeded.hosts) cleanup.use(host);
  const browser = await TestBrowser.launch({
    env: await fetchFonts(join(await testDirectory(), "fonts")),
    args: [
      `--host-resolver-rules=MAP ${new URL(address).host} ${new URL(server.url).host}`,
      // So that the clipboard and the like are there, as over HTTPS.
      `--unsafely-treat-insecure-origin-as-secure=${address}`,
    ],
  });
  cleanup.defer(() => browser.close());
  const camera = new Camera(browser, address);
  let workshop: Workshop | null = null;
  // Those of the machine last: it is one more host and sandbox that the others are not to show.
  const ordered = pictures.toSorted((a, b) => Number(a.needsMachine ?? 0) - Number(b.needsMachine ?? 0));
  for (const { name, themes, who = "mira", path, height, needsMachine, show } of ordered) {
    if (needsMachine) workshop ??= cleanup.use(await Workshop.open(server, seeded));
    const { now } = workshop ?? seeded;
    const where = typeof path === "string" ? path : path(workshop?.sandboxId ?? "");
    const person = seeded.people[who];
    for (const theme of themes) {
      const picture = await camera.take({ person, path: where, theme, height, now, show });
      const file = join(directory, fileOf(name, theme));
      const isKept = !isAsked && (await camera.isLike(picture, file));
      if (!isKept) await Bun.write(file, picture);
      console.log(`${isKept ? "as before" : "taken    "} ${file} (${Math.round(picture.length / 1024)} KB)`);
    }
  }
};
