/**
 * `bun run screenshots [name…]`: takes the pictures of the README and the docs from the real product, with a team
 * that is made up, and writes them to docs/screenshots. One that shows nothing new is left as it was, unless it
 * is asked for by name.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { PROJECT_DIRECTORY, requireDependencies } from "../server/up/dependencies.ts";
import { describeError } from "../server/up/failure.ts";

const DIRECTORY = join(PROJECT_DIRECTORY, "docs", "screenshots");
/** Where the pictures say that the server is. */
const ADDRESS = "http://wrenn.lan:4400";

const main = async (names: string[]): Promise<number> => {
  await requireDependencies({ production: false });
  // These import packages, which may only just have come.
  const { findNoBrowser, findObstacle, prepareShared } = await import("./run/prepare.ts");
  const { PICTURES } = await import("./screenshots/pictures.ts");
  const { photograph } = await import("./screenshots/photograph.ts");

  const pictures = PICTURES.filter(({ name }) => names.length === 0 || names.includes(name));
  if (pictures.length === 0) {
    console.error(`screenshots: there are ${PICTURES.map(({ name }) => name).join(", ")}`);
    return 2;
  }
  const needsMachine = pictures.some((picture) => picture.needsMachine === true);
  const obstacle = (needsMachine ? await findObstacle() : null) ?? (await findNoBrowser());
  if (obstacle !== null) {
    console.error(`screenshots: this machine cannot take them: ${obstacle}`);
    return 1;
  }
  await mkdir(DIRECTORY, { recursive: true });
  const shared = await prepareShared({ host: needsMachine, dashboard: true });
  try {
    Object.assign(process.env, shared.environment);
    await photograph(pictures, { directory: DIRECTORY, address: ADDRESS, isAsked: names.length > 0 });
  } finally {
    await shared.dispose();
  }
  return 0;
};

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  console.error(`screenshots: ${describeError(error)}`);
  process.exit(1);
}
