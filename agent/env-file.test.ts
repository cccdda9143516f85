import { expect, test } from "bun:test";
import { chmod, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { EnvFileRefused, parseEnv, readEnvFile } from "./env-file.ts";

test("only WRENN_ keys count, in the usual spellings", () => {
  const text = [
    "# a comment",
    "WRENN_DIR=/srv/wrenn",
    'export WRENN_SERVER="http://a#b"   ',
    "WRENN_ACCEL = tcg # emulated",
    "WRENN_EMPTY=",
    "WRENN_QUOTED='it is'",
    "PATH=/evil",
    "WRENN_lower=x",
    "no equals sign",
  ].join("\r\n");
  expect(parseEnv(text)).toEqual({
    WRENN_DIR: "/srv/wrenn",
    WRENN_SERVER: "http://a#b",
    WRENN_ACCEL: "tcg",
    WRENN_EMPTY: "",
    WRENN_QUOTED: "it is",
  });
});

test("a file that others can write, or a link, is refused; a missing one is empty", async () => {
  const directory = await mkdtemp(join(tmpdir(), "wrenn-env-"));
  const path = join(directory, ".env");
  try {
    expect(await readEnvFile(path)).toEqual({});
    await Bun.write(path, "WRENN_ACCEL=tcg\n");
    await chmod(path, 0o644);
    expect(await readEnvFile(path)).toEqual({ WRENN_ACCEL: "tcg" });
    await chmod(path, 0o666);
    expect(readEnvFile(path)).rejects.toThrow(EnvFileRefused);
    await chmod(path, 0o600);
    await symlink(path, join(directory, "link"));
    expect(readEnvFile(join(directory, "link"))).rejects.toThrow(EnvFileRefused);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
