import { expect, test } from "bun:test";

import { complaintsAbout, hasSystemd } from "../test/support/systemd-verify.ts";
import { UNIT_NAME, unitText } from "./systemd-unit.ts";

test("values are quoted as systemd reads them", () => {
  const text = unitText("/usr/local/bin/wrenn-agent", {
    WRENN_DIR: '/srv/a b/"c"\\d',
    WRENN_ADDRESS: "https://[fe80::1%25eth0]:1",
  });
  expect(text).toContain('Environment="WRENN_DIR=/srv/a b/\\"c\\"\\\\d"\n');
  expect(text).toContain('Environment="WRENN_ADDRESS=https://[fe80::1%%25eth0]:1"\n');
});

test("streams into sandboxes do not wait for each other's end", () => {
  expect(unitText("/bin/true", {})).toContain("\nEnvironment=BUN_CONFIG_MAX_HTTP_REQUESTS=16384\n");
});

test("neither a deletion nor a lack that only an operator can mend starts it again", () => {
  const text = unitText("/bin/true", {});
  expect(text).toContain("\nRestart=on-failure\n");
  expect(text).toContain("\nRestartPreventExitStatus=78\n");
});

test("it leaves what the agent starts alone, and gives it no mount namespace", () => {
  const text = unitText("/bin/true", {});
  expect(text).toContain("\nKillMode=process\n");
  // Each of these would hide the sandboxes' network namespaces from the next agent (systemd.exec(5)).
  expect(text).not.toMatch(/^(Protect|Private|ReadOnlyPaths|ReadWritePaths|Inaccessible|Bind|Root|Mount)/m);
});

test.if(hasSystemd)("systemd finds nothing wrong with it", async () => {
  const found = await complaintsAbout(UNIT_NAME, unitText("/bin/true", { WRENN_DIR: "/var/lib/wrenn" }));
  expect(found).toEqual({ lines: [], code: 0 });
});
