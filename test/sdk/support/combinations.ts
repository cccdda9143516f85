/** Who uses the package, which version of it, and how it finds the server. */
import { ALL_CASES } from "../cases/all.ts";
import type { Case } from "../program/case.ts";
import type { RuntimeName } from "./runtimes.ts";

export type Urls = "plain" | "tls";

export interface Combination {
  runtime: RuntimeName;
  version: SdkVersion;
  urls: Urls;
}

/** What each version is imported as. */
export const PACKAGES = { "2.51.0": "e2b", "2.45.0": "e2b-2-45" } as const;
export type SdkVersion = keyof typeof PACKAGES;

/** Here every case runs. */
const FULL: Combination = { runtime: "Node", version: "2.51.0", urls: "plain" };

const RUNTIMES: RuntimeName[] = ["Node", "Bun"];
const VERSIONS: SdkVersion[] = ["2.51.0", "2.45.0"];
const URLS: Urls[] = ["plain", "tls"];

export const COMBINATIONS: Combination[] = RUNTIMES.flatMap((runtime) =>
  VERSIONS.flatMap((version) => URLS.map((urls) => ({ runtime, version, urls }))),
);

export const nameOf = ({ runtime, version, urls }: Combination): string =>
  `${runtime}, e2b ${version}, ${urls === "plain" ? "plain URLs" : "TLS and host names"}`;

/** What runs there; in a soak everything that the version has. */
export const casesOf = (combination: Combination, isSoak: boolean): Case[] => {
  const isFull = nameOf(combination) === nameOf(FULL);
  const isNewest = combination.version === FULL.version;
  return ALL_CASES.filter((one) => isFull || one.isEverywhere || (isSoak && (isNewest || !one.isNew)));
};
