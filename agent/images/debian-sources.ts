/** Where this host's apt gets Debian from, so that an image is built from the same mirrors through the same proxy. */
import { access } from "node:fs/promises";

import { run } from "../system/exec.ts";

const KEYRINGS = [
  "/usr/share/keyrings/debian-archive-keyring.gpg",
  "/usr/share/keyrings/debian-archive-keyring.pgp",
];
const FORMAT = "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)";

/** Nothing tells where to get Debian from; the message says what to do. */
export class DebianUnavailable extends Error {
  override name = "DebianUnavailable";
}

const findKeyring = async (): Promise<string> => {
  for (const path of KEYRINGS) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  throw new DebianUnavailable(
    "Debian's archive keys are missing: install the package debian-archive-keyring",
  );
};

interface Release {
  uri: string;
  release: string;
}

/** @param listing lines of `apt-get indextargets --format`, see `FORMAT` */
export const parseIndexTargets = (listing: string): Release[] => {
  const found = new Map<string, Release>();
  for (const line of listing.split("\n")) {
    const [origin, uri, release, component] = line.split("|");
    if (origin !== "Debian" || component !== "main") continue;
    if (uri === undefined || release === undefined || /\s/.test(uri + release)) continue;
    found.set(`${uri} ${release}`, { uri, release });
  }
  return [...found.values()];
};

const listReleases = async (): Promise<Release[]> =>
  parseIndexTargets(await run(["apt-get", "indextargets", "--format", FORMAT, "Created-By: Packages"]));

export interface DebianSources {
  /** `bookworm`, say: the main release, without `-updates` or `-security`. */
  suite: string;
  /** One-line style, for /etc/apt/sources.list; keys by absolute path. */
  lines: string[];
  /** The host's own proxy and TLS settings, as apt options. */
  aptOptions: string[];
}

/** Throws `DebianUnavailable`. Fetches the package lists first when the host has none. */
export const readDebianSources = async (): Promise<DebianSources> => {
  let releases = await listReleases();
  if (releases.length === 0) {
    await run(["apt-get", "update"], { timeoutMs: 300_000 });
    releases = await listReleases();
  }
  const suite = releases.find(({ release }) => !release.includes("-"))?.release;
  if (suite === undefined) {
    throw new DebianUnavailable(
      "apt has no Debian main archive among its sources: add one, then start again",
    );
  }
  const keyring = await findKeyring();
  const settings = (await run(["apt-config", "dump"])).split("\n");
  return {
    suite,
    lines: releases
      .filter(({ release }) => release === suite || release.startsWith(`${suite}-`))
      .map(({ uri, release }) => `deb [signed-by=${keyring}] ${uri} ${release} main`),
    aptOptions: settings.filter((line) => /^Acquire::https?::.+ "[^"]+";$/.test(line)),
  };
};
