/** The fonts of the pictures, so that these look the same whatever a machine has: unpacked, never installed. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { run } from "../../agent/system/exec.ts";

/** Debian's packages of what the dashboard asks for first. */
const PACKAGES = ["fonts-inter", "fonts-jetbrains-mono"];
const DOWNLOAD_MS = 120_000;

const describe = (directory: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${directory}/usr/share/fonts</dir><cachedir>${directory}/cache</cachedir></fontconfig>
`;

/** What a browser is started with, so that it knows these fonts and no others. */
export const fetchFonts = async (directory: string): Promise<Record<string, string>> => {
  const packages = join(directory, "packages");
  await mkdir(packages, { recursive: true });
  await run(["env", `--chdir=${packages}`, "apt-get", "-q", "download", ...PACKAGES], {
    timeoutMs: DOWNLOAD_MS,
  });
  for (const file of new Bun.Glob("*.deb").scanSync({ cwd: packages, absolute: true })) {
    await run(["dpkg-deb", "-x", file, directory]);
  }
  const path = join(directory, "fonts.conf");
  await Bun.write(path, describe(directory));
  return { FONTCONFIG_FILE: path };
};
