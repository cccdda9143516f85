import { expect, test } from "bun:test";

import { BadConfig, parseConfig, parseListen, RUN_FLAGS } from "./config.ts";
import { BadFlag, parseFlags } from "./flags.ts";

test("nothing set gives the documented defaults", () => {
  const config = parseConfig({});
  expect(config.directory).toBe("/var/lib/wrenn");
  expect(config.listen).toBeNull();
  expect(config).toMatchObject({
    accelerator: "auto",
    heartbeatMs: 30_000,
    sampleMs: 15_000,
    memoryOvercommit: 4,
    serverUrl: null,
  });
});

test.each([
  ["WRENN_SERVER", "not a url"],
  ["WRENN_SERVER", "ftp://host"],
  ["WRENN_AGENT_LISTEN", "7070"],
  ["WRENN_AGENT_LISTEN", "host:70000"],
  ["WRENN_ACCEL", "fast"],
  ["WRENN_HEARTBEAT_MS", "soon"],
  ["WRENN_MEMORY_OVERCOMMIT", "0.5"],
  ["WRENN_SPARE_VMS", "some"],
  ["WRENN_STANDBY_VMS", "-1"],
])("%s=%s is refused by name", (name, value) => {
  expect(() => parseConfig({ [name]: value })).toThrow(new RegExp(name));
  expect(() => parseConfig({ [name]: value })).toThrow(BadConfig);
});

test("values are read", () => {
  expect(parseListen("[::1]:80")).toEqual({ hostname: "::1", port: 80 });
  expect(parseConfig({ WRENN_EGRESS_ALLOW: "192.0.2.0/24, 198.51.100.0/24" }).egressAllow).toEqual([
    "192.0.2.0/24",
    "198.51.100.0/24",
  ]);
});

test("flags set what the environment would", () => {
  const flags = parseFlags(["--dir", "/a", "--listen=0.0.0.0:1", "--pause-on-stop"], RUN_FLAGS);
  expect(flags).toEqual({ WRENN_DIR: "/a", WRENN_AGENT_LISTEN: "0.0.0.0:1", WRENN_PAUSE_ON_STOP: "1" });
  for (const args of [["--unknown"], ["--dir"], ["dir"], ["--pause-on-stop=1"]]) {
    expect(() => parseFlags(args, RUN_FLAGS)).toThrow(BadFlag);
  }
});
