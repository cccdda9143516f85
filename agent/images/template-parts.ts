/**
 * What a template needs on a host, file by file, down to the image its disk stands on. A qcow2 layer is
 * told by its id and everything below it by its content, so what is there already need not come again.
 */
import { join } from "node:path";

import type { TemplateKey, TemplateManifest } from "./images.ts";
import { BadPathName, type Layout } from "./layout.ts";

const MANIFEST_NAME = "manifest.json";

const OWN_NAME = /^[a-z0-9][a-z0-9.-]{0,63}$/;

/** Kernel, guest drive and disk layers may belong to others too; `own` is the template's directory. */
export type Part =
  | { kind: "own"; fileName: string }
  | { kind: "kernel"; digest: string; fileName: "vmlinuz" | "initrd" }
  | { kind: "drive"; digest: string }
  | { kind: "layer"; layerId: string };

/** In the order they are sent: the manifest says what to expect of the rest. */
export const partNames = (manifest: TemplateManifest): string[] => [
  MANIFEST_NAME,
  `kernels/${manifest.kernelDigest}/vmlinuz`,
  `kernels/${manifest.kernelDigest}/initrd`,
  `drives/${manifest.guestDriveDigest}`,
  ...manifest.layers.map((layer) => `layers/${layer}`),
  manifest.deviceState.fileName,
  manifest.memory.fileName,
];

/** Throws `BadPathName` for what is no part of a template. */
export const parsePart = (name: string): Part => {
  const [folder = "", id = "", fileName = "", ...more] = name.split("/");
  if (more.length === 0) {
    if (folder === "kernels" && (fileName === "vmlinuz" || fileName === "initrd")) {
      return { kind: "kernel", digest: id, fileName };
    }
    if (folder === "drives" && fileName === "" && id !== "") return { kind: "drive", digest: id };
    if (folder === "layers" && fileName === "" && id !== "") return { kind: "layer", layerId: id };
    if (name === folder && OWN_NAME.test(name)) return { kind: "own", fileName: name };
  }
  throw new BadPathName("file of a template", name);
};

/** Where it is on a host that holds it. Throws `BadPathName`. */
export const partPath = (layout: Layout, key: TemplateKey, part: Part): string => {
  switch (part.kind) {
    case "own":
      return join(layout.templateDirectory(key.teamId, key.templateId), part.fileName);
    case "kernel":
      return join(layout.kernelDirectory(part.digest), part.fileName);
    case "drive":
      return layout.drive(part.digest);
    case "layer":
      return layout.layer(part.layerId);
  }
};
