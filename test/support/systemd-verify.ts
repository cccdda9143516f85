/** What systemd itself thinks of a unit. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where there is none, what asks it is skipped. */
export const hasSystemd = Bun.which("systemd-analyze") !== null;

/** What it complains of in this very unit, line by line; what is wrong on the machine besides does not count. */
export const complaintsAbout = async (
  name: string,
  text: string,
): Promise<{ lines: string[]; code: number }> => {
  const directory = mkdtempSync(join(tmpdir(), "wrenn-unit-"));
  try {
    const path = join(directory, name);
    await Bun.write(path, text);
    const child = Bun.spawn(["systemd-analyze", "verify", "--man=no", path], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const [stdout, stderr, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    return { lines: `${stdout}${stderr}`.split("\n").filter((line) => line.includes(name)), code };
  } finally {
    rmSync(directory, { recursive: true });
  }
};
