/** E2B's network rules as Wrenn's, and back. Allowed destinations win over denied ones. */
import { CIDR_PATTERN } from "../../proto/cidr.ts";
import { invalidRequest } from "../errors.ts";
import type { Network } from "../sandboxes/sandbox.ts";

/** E2B's name for everywhere. */
export const ALL_TRAFFIC = "0.0.0.0/0";

const CIDR = new RegExp(CIDR_PATTERN);
const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
// Never begins with a digit: an address is no domain.
const LAST_LABEL = "[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?";
const DOMAIN = new RegExp(`^(?=.{1,253}$)(?:\\*\\.|${LABEL}\\.)(?:${LABEL}\\.)*${LAST_LABEL}$`);
const MAX_DOMAINS = 100;

export interface EgressWish {
  allowOut?: readonly string[];
  denyOut?: readonly string[];
  /** False is the same as everywhere in `denyOut`. */
  allow_internet_access?: boolean;
}

const refused = (field: string, rule: string, message: string) =>
  invalidRequest(field, rule, `${field}: ${message}`);

/** It may be of any length. */
const shown = (entry: string): string => entry.slice(0, 100);

const readAllowed = (entries: readonly string[]): { cidrs: string[]; domains: string[] } => {
  const cidrs = entries.filter((entry) => CIDR.test(entry));
  const domains = entries.filter((entry) => !CIDR.test(entry)).map((entry) => entry.toLowerCase());
  const bad = domains.find((domain) => !DOMAIN.test(domain));
  if (bad === undefined) {
    if (domains.length <= MAX_DOMAINS) return { cidrs, domains };
    throw refused("allowOut", "max_domains", `at most ${MAX_DOMAINS} domains.`);
  }
  throw refused(
    "allowOut",
    "destination",
    `"${shown(bad)}" is no IPv4 address, network or domain. Write 192.0.2.7, 192.0.2.0/24, example.com or *.example.com.`,
  );
};

const checkDenied = (entries: readonly string[]): void => {
  const bad = entries.find((entry) => !CIDR.test(entry));
  if (bad === undefined) return;
  throw refused(
    "denyOut",
    "cidr",
    `"${shown(bad)}" is no IPv4 address or network, as 192.0.2.0/24. Domains can be allowed, not denied.`,
  );
};

/** Throws 400 naming the field. */
export const toNetwork = ({
  allowOut = [],
  denyOut: denied = [],
  allow_internet_access,
}: EgressWish): Network => {
  const { cidrs, domains } = readAllowed(allowOut);
  checkDenied(denied);
  const isAllDenied = allow_internet_access === false || denied.includes(ALL_TRAFFIC);
  if (domains.length > 0 && !isAllDenied) {
    throw refused(
      "allowOut",
      "deny_all",
      `a domain is only a rule where everything else is denied: add ${ALL_TRAFFIC} to denyOut.`,
    );
  }
  const others = denied.filter((entry) => entry !== ALL_TRAFFIC);
  const hasException = cidrs.length + domains.length > 0;
  return {
    // Without the internet there is nothing at all, name resolution included.
    allow_internet: !isAllDenied || hasException,
    allow_cidrs: cidrs,
    deny_cidrs: isAllDenied && hasException ? [ALL_TRAFFIC, ...others] : others,
    allow_domains: domains,
  };
};

/** The rules as a client would write them. */
export const fromNetwork = (
  network: Network,
): { allowOut: string[]; denyOut: string[]; allowInternetAccess: boolean } => {
  const { allow_internet = true, allow_cidrs = [], deny_cidrs = [], allow_domains = [] } = network;
  const denyOut =
    allow_internet || deny_cidrs.includes(ALL_TRAFFIC) ? deny_cidrs : [ALL_TRAFFIC, ...deny_cidrs];
  return {
    allowOut: [...allow_cidrs, ...allow_domains],
    denyOut,
    allowInternetAccess: !denyOut.includes(ALL_TRAFFIC),
  };
};
