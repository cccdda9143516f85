import { describe, expect, test } from "bun:test";

import { complaintsAbout, hasSystemd } from "../../../test/support/systemd-verify.ts";
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

  test.if(hasSystemd)("has nothing that systemd finds wrong", async () => {
    const text = unitText({ ...COMMAND, argv: ["/bin/true", ...COMMAND.argv.slice(1)] });
    expect(await complaintsAbout(UNIT_NAME, text)).toEqual({ lines: [], code: 0 });
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
