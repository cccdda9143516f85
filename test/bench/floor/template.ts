/** The files of a template that the agent made, as the floor uses them: the very same ones. */
import { join } from "node:path";

import type { TemplateManifest } from "../../../agent/images/images.ts";
import { createLayout, type Layout } from "../../../agent/images/layout.ts";
import { attachReadOnly } from "../../../agent/images/loop-device.ts";
import { readManifest } from "../../../agent/images/manifest.ts";
import { memoryGroup } from "../../../agent/system/instance-ids.ts";
import { ZERO_UUID } from "../../../proto/ids.ts";

export interface FloorTemplate {
  layout: Layout;
  manifest: TemplateManifest;
  accelerator: "kvm" | "tcg";
  /** The device that the agent's sandboxes map, too: both read from one page cache. */
  baseMemoryPath: string;
  deviceStatePath: string;
  diskPath: string;
  diskFormat: "qcow2" | "raw";
  guestDrivePath: string;
}

/** `minimal` of a data directory. @param root real path of WRENN_DIR */
export const openFloorTemplate = async (root: string): Promise<FloorTemplate> => {
  const layout = createLayout(root);
  const directory = layout.templateDirectory(ZERO_UUID, ZERO_UUID);
  const manifest = await readManifest(directory);
  const top = manifest === "damaged" ? undefined : manifest?.layers.at(-1);
  if (manifest === null || manifest === "damaged" || top === undefined) {
    throw new Error(`${directory} holds no whole template`);
  }
  const diskPath = layout.layer(top);
  return {
    layout,
    manifest,
    accelerator: manifest.runtimeId.endsWith("/kvm") ? "kvm" : "tcg",
    baseMemoryPath: await attachReadOnly(
      join(directory, manifest.memory.fileName),
      memoryGroup(layout.instanceId),
    ),
    deviceStatePath: join(directory, manifest.deviceState.fileName),
    diskPath,
    diskFormat: diskPath.endsWith(".raw") ? "raw" : "qcow2",
    guestDrivePath: layout.drive(manifest.guestDriveDigest),
  };
};
