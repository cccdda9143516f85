/** A template from any root file system, made by the agent's own parts before an agent runs there. */
import { mkdir, truncate } from "node:fs/promises";
import { join } from "node:path";

import { parseConfig } from "../../agent/config.ts";
import type { TemplateKey } from "../../agent/images/images.ts";
import { openLayout } from "../../agent/images/layout.ts";
import { openHost } from "../../agent/open-host.ts";
import { warmTemplate } from "../../agent/sandboxes/warm-template.ts";
import { run } from "../../agent/system/exec.ts";
import { createLogger } from "../../agent/system/log.ts";
import { newId } from "../../proto/ids.ts";
import { TEAM } from "./sandboxes.ts";

const IMAGE_BYTES = 64 * 2 ** 20;
const SIZE = { vcpus: 1, memoryMb: 512, diskSizeMb: 512 };

export interface AnyTemplate {
  /** WRENN_DIR of an agent that does not run. */
  directory: string;
  /** The compiled agent that goes into the sandboxes. */
  executable: string;
  name: string;
  /** Everything the root file system holds. */
  tree: string;
}

/** Boots the tree, warms it and saves it as a template. */
export const makeTemplate = async ({
  directory,
  executable,
  name,
  tree,
}: AnyTemplate): Promise<TemplateKey> => {
  const layout = await openLayout(directory);
  const host = await openHost(
    parseConfig({ WRENN_DIR: directory }),
    layout,
    createLogger("error"),
    executable,
  );
  try {
    const image = join(layout.staging, `${name}.raw`);
    await mkdir(layout.staging, { recursive: true });
    await Bun.write(image, "");
    await truncate(image, IMAGE_BYTES);
    await run(["mkfs.ext4", "-F", "-q", "-E", "root_owner=0:0", "-d", tree, image]);
    const layer = await host.layers.adoptRaw(image);
    const key = { teamId: TEAM, templateId: newId() };
    await warmTemplate(host, { key, type: "base", name, ...SIZE, layers: [layer] }, () => {});
    return key;
  } finally {
    host.expiry.stop();
    await host.slots.close();
  }
};
