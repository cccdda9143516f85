import { describe, expect, test } from "bun:test";

import { insertCommands, switchCommand } from "./root-disk.ts";

test("insertCommands() puts the overlay below the node the guest's device stands on", () => {
  const [add, reopen] = insertCommands("/l/top.qcow2");
  expect(add?.[1]).toMatchObject({ driver: "qcow2", file: { filename: "/l/top.qcow2" } });
  expect(reopen?.[1]).toMatchObject({
    options: [{ "node-name": "root", file: add?.[1]["node-name"] }],
  });
});

describe("switchCommand()", () => {
  const frozen = { "node-name": "overlay", drv: "qcow2", ro: true };
  const others = [
    { "node-name": "root", drv: "raw", ro: false },
    { "node-name": "#block069", drv: "file", ro: false },
  ];

  test.each([
    ["overlay-1", "of a disk that was switched before"],
    ["#block196", "of a VM whose disk an earlier agent named on the command line"],
  ])("freezes %s, %s", (name) => {
    const nodes = [...others, frozen, { "node-name": name, drv: "qcow2", ro: false }];
    const [command, commandArguments] = switchCommand(nodes, "/l/next.qcow2");
    expect(command).toBe("blockdev-snapshot-sync");
    expect(commandArguments).toMatchObject({ "node-name": name, "snapshot-file": "/l/next.qcow2" });
  });

  test("names each new node differently", () => {
    const nodes = [{ "node-name": "overlay", drv: "qcow2", ro: false }];
    const names = [1, 2].map(() => switchCommand(nodes, "/l/next.qcow2")[1]["snapshot-node-name"]);
    expect(names[0]).not.toBe(names[1]);
  });

  test.each([[null], [{}], [[null, 1, frozen, ...others]]])("finds nothing in %j", (nodes) => {
    expect(() => switchCommand(nodes, "/l/next.qcow2")).toThrow("no overlay that it writes to");
  });
});
