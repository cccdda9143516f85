/**
 * The guest's root disk as QEMU's block nodes. What the guest reads and writes is a node that stays; the overlay
 * below it is put in before the guest runs, when it is known whose machine it is, and replaced when it is frozen.
 */

/** A command of the QEMU Machine Protocol. */
export type QmpCommand = [name: string, commandArguments: Record<string, unknown>];

/** What the guest's device stands on. */
export const ROOT_NODE = "root";
/** Below it until a disk is put in. */
const EMPTY_NODE = "empty";
const FIRST_OVERLAY_NODE = "overlay";

/** A root disk with nothing on it. */
export const EMPTY_ROOT: readonly string[] = [
  ...["-blockdev", `driver=null-co,node-name=${EMPTY_NODE},read-zeroes=on`],
  ...["-blockdev", `driver=raw,node-name=${ROOT_NODE},file=${EMPTY_NODE},discard=unmap`],
];

/** Puts the disk in before the guest runs: each is done before the next one begins. */
export const insertCommands = (overlayPath: string): QmpCommand[] => [
  [
    "blockdev-add",
    {
      driver: "qcow2",
      "node-name": FIRST_OVERLAY_NODE,
      discard: "unmap",
      file: { driver: "file", filename: overlayPath },
    },
  ],
  [
    "blockdev-reopen",
    { options: [{ driver: "raw", "node-name": ROOT_NODE, file: FIRST_OVERLAY_NODE, discard: "unmap" }] },
  ],
  ["blockdev-del", { "node-name": EMPTY_NODE }],
];

/** Lists every node once. */
export const LIST_NODES: QmpCommand = ["query-named-block-nodes", { flat: true }];

/**
 * Freezes the overlay in use, and goes on in another one that was made on top of it.
 * @param nodes what `LIST_NODES` answered: also a VM that an earlier agent started has one overlay it writes to
 */
export const switchCommand = (nodes: unknown, overlayPath: string): QmpCommand => {
  const overlay = (Array.isArray(nodes) ? nodes : []).find(isWrittenOverlay);
  if (overlay === undefined) throw new Error("the VM has no overlay that it writes to");
  return [
    "blockdev-snapshot-sync",
    {
      "node-name": overlay["node-name"],
      // Frozen ones keep their names for as long as the VM lives.
      "snapshot-node-name": `overlay-${crypto.randomUUID().slice(0, 8)}`,
      "snapshot-file": overlayPath,
      format: "qcow2",
      mode: "existing",
    },
  ];
};

const isWrittenOverlay = (node: unknown): node is { "node-name": string } =>
  typeof node === "object" &&
  node !== null &&
  "drv" in node &&
  node.drv === "qcow2" &&
  "ro" in node &&
  node.ro === false &&
  "node-name" in node &&
  typeof node["node-name"] === "string";
