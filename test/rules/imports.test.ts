/** The borders between the programs, and inside the agent, hold for every module of the project. */
import { describe, expect, test } from "bun:test";

import { judgeImport, PACKAGE_BORDERS } from "./borders.ts";
import { findCycles } from "./cycles.ts";
import { listProjectFiles, readImports } from "./source-files.ts";

const sources = listProjectFiles().filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"));
const modules = await Promise.all(sources.map(readImports));

describe("imports", () => {
  test("respect the borders between folders", () => {
    const broken = modules.flatMap(({ path, modules: all, runtimeModules }) =>
      all
        .flatMap((target) => judgeImport(path, target, !runtimeModules.includes(target)) ?? [])
        .map((why) => `${path}: ${why}`),
    );
    expect(broken).toEqual([]);
  });

  test("use a package only where it belongs", () => {
    const broken = modules.flatMap(({ path, packages }) =>
      packages
        .filter(
          (name) => !(PACKAGE_BORDERS[name.split("/")[0] ?? ""]?.includes(path.split("/")[0] ?? "") ?? true),
        )
        .map((name) => `${path}: ${name}`),
    );
    expect(broken).toEqual([]);
  });

  test("make no circle", () => {
    const graph = new Map(modules.map(({ path, modules: all }) => [path, all]));
    expect(findCycles(graph).map((cycle) => cycle.join(" -> "))).toEqual([]);
  });

  test("name files that exist, with their extension", () => {
    const known = new Set(listProjectFiles());
    const broken = modules.flatMap(({ path, modules: all }) =>
      all.filter((target) => !known.has(target)).map((target) => `${path}: ${target}`),
    );
    expect(broken).toEqual([]);
  });
});

describe("the rules themselves", () => {
  test.each([
    ["server/app.ts", "agent/main.ts", false],
    ["agent/main.ts", "server/app.ts", true],
    ["web/api.ts", "server/app.ts", false],
    ["proto/ids.ts", "db/sql.ts", false],
    ["agent/vm/qemu.ts", "agent/sandboxes/manager.ts", false],
    ["agent/rpc/service.ts", "agent/vm/qemu.ts", false],
    ["agent/control/heartbeat.ts", "agent/rpc/service.ts", false],
    ["agent/guest/main.ts", "agent/system/exec.ts", false],
  ])("refuse %s importing %s", (from, to, typesOnly) => {
    expect(judgeImport(from, to, typesOnly)).toBeString();
  });

  test.each([
    ["server/app.ts", "db/sql.ts", false],
    ["web/api.ts", "server/app.ts", true],
    ["agent/sandboxes/manager.ts", "agent/vm/qemu.ts", false],
    ["agent/main.ts", "agent/vm/qemu.ts", false],
    ["agent/guest/main.ts", "proto/gen/process/process_pb.ts", false],
    ["test/integration/api.test.ts", "agent/main.ts", false],
  ])("allow %s importing %s", (from, to, typesOnly) => {
    expect(judgeImport(from, to, typesOnly)).toBeNull();
  });

  test("find a circle of three and none in a tree", () => {
    expect(
      findCycles(
        new Map([
          ["a", ["b"]],
          ["b", ["c"]],
          ["c", ["a"]],
        ]),
      ),
    ).toEqual([["a", "b", "c"]]);
    expect(
      findCycles(
        new Map([
          ["a", ["b", "c"]],
          ["b", ["c"]],
        ]),
      ),
    ).toEqual([]);
  });
});
