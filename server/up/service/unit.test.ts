import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { settingsText, UNIT_NAME, unitText } from "./unit.ts";

const COMMAND = {
  argv: ["/usr/local/lib/wrenn/bun", "/srv/my wrenn/main.ts", "--dir", "/srv/100%/$HOME"],
  settingsFile: "/etc/wrenn.env",
  logFile: "/srv/100%/logs/up.log",
};

describe("the unit", () => {
  test("has its command quoted as systemd reads it", () => {
    const text = unitText(COMMAND);
    expect(text).toContain(
      '\nExecStart="/usr/local/lib/wrenn/bun" "/srv/my wrenn/main.ts" "--dir" "/srv/100%%/$$HOME"\n',
    );
    expect(text).toContain("\nStandardOutput=append:/srv/100%%/logs/up.log\n");
  });

  test("leaves what it starts alone, and gives it no mount namespace", () => {
    const text = unitText(COMMAND);
    expect(text).toContain("\nKillMode=process\n");
    // Each of these would hide the sandboxes' network namespaces from the next agent (systemd.exec(5)).
    expect(text).not.toMatch(/^(Protect|Private|ReadOnlyPaths|ReadWritePaths|Inaccessible|Bind|Root|Mount)/m);
  });

  test.if(Bun.which("systemd-analyze") !== null)("has nothing that systemd finds wrong", async () => {
    const directory = mkdtempSync(join(tmpdir(), "wrenn-unit-"));
    try {
      const path = join(directory, UNIT_NAME);
      await Bun.write(path, unitText({ ...COMMAND, argv: ["/bin/true", ...COMMAND.argv.slice(1)] }));
      const child = Bun.spawn(["systemd-analyze", "verify", "--man=no", path], {
        stdout: "pipe",
        stderr: "pipe",
      });
      const [stdout, stderr] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      const ours = `${stdout}${stderr}`.split("\n").filter((line) => line.includes(UNIT_NAME));
      expect(ours).toEqual([]);
      expect(await child.exited).toBe(0);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

test("settings are quoted as systemd reads a file of them", () => {
  const text = settingsText({
    WRENN_OIDC_NAME: 'Our "own" \\ $ign-on',
    DATABASE_URL: "postgres://a:b%40@c/d",
  });
  expect(text).toEndWith(
    'WRENN_OIDC_NAME="Our \\"own\\" \\\\ \\$ign-on"\nDATABASE_URL="postgres://a:b%40@c/d"\n',
  );
});
