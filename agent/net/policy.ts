/** What a sandbox's own egress policy says of single addresses. */
import { holdAddress } from "./cidr.ts";
import type { NetworkPolicy } from "./slots.ts";

/** Nothing is restricted. */
export const isOpenPolicy = (policy: NetworkPolicy): boolean =>
  policy.allowInternet &&
  policy.allowCidrs.length + policy.denyCidrs.length + policy.allowDomains.length === 0;

/** By address alone; what is allowed by name is another matter. */
export const isAddressOpen = (policy: NetworkPolicy, address: string): boolean => {
  const { allowInternet, allowCidrs, denyCidrs, allowDomains } = policy;
  if (!allowInternet) return false;
  return holdAddress(allowCidrs, address) || (allowDomains.length === 0 && !holdAddress(denyCidrs, address));
};
