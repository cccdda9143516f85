/** IPv4 networks as text (`10.0.0.0/8`) and as ranges of numbers. */

import { CIDR_PATTERN } from "../../proto/cidr.ts";

/** First and last address, inclusive, as unsigned 32-bit numbers. */
export interface AddressRange {
  first: number;
  last: number;
}

/** Text that is not an IPv4 address or network. It is quoted: it may come from outside. */
export class BadCidr extends Error {
  override name = "BadCidr";
  constructor(text: string) {
    super(`${JSON.stringify(text.slice(0, 60))} is not an IPv4 network such as 203.0.113.0/24`);
  }
}

const CIDR = new RegExp(CIDR_PATTERN);

/** A lone address is a network of one. Host bits are ignored, as routing tables do. Throws `BadCidr`. */
export const parseCidr = (text: string): AddressRange => {
  const match = CIDR.exec(text);
  if (match === null) throw new BadCidr(text);
  const [a, b, c, d] = match.slice(1, 5).map(Number);
  const address = (((a ?? 0) * 256 + (b ?? 0)) * 256 + (c ?? 0)) * 256 + (d ?? 0);
  const size = 2 ** (32 - Number(match[5] ?? 32));
  const first = address - (address % size);
  return { first, last: first + size - 1 };
};

export const formatAddress = (address: number): string =>
  [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join(".");

export const overlaps = (a: AddressRange, b: AddressRange): boolean => a.first <= b.last && b.first <= a.last;

/** Whether one of the networks holds the address. Throws `BadCidr`. */
export const holdAddress = (cidrs: string[], address: string): boolean => {
  const point = parseCidr(address);
  return cidrs.some((cidr) => overlaps(parseCidr(cidr), point));
};

/** Sorted, disjoint and not adjacent. */
export const mergeRanges = (ranges: AddressRange[]): AddressRange[] => {
  const merged: AddressRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const last = merged.at(-1);
    if (last !== undefined && range.first <= last.last + 1) last.last = Math.max(last.last, range.last);
    else merged.push({ ...range });
  }
  return merged;
};

/** As elements of an nftables interval set. Overlaps are merged: nft would refuse them. */
export const toSetElements = (cidrs: string[]): string =>
  mergeRanges(cidrs.map(parseCidr))
    .map(({ first, last }) =>
      first === last ? formatAddress(first) : `${formatAddress(first)}-${formatAddress(last)}`,
    )
    .join(", ");
