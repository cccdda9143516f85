/** The network as every sandbox sees it: the same in all of them, so that a snapshot restores in any slot. */

export const GUEST_ADDRESS = "169.254.0.21";
export const GUEST_MAC_ADDRESS = "02:fc:00:00:00:05";
/** The host's end of the tap: gateway and DNS server. */
export const GATEWAY_ADDRESS = "169.254.0.22";
/** In the guest's neighbour table for good, which spares ARP after a restore. */
export const GATEWAY_MAC_ADDRESS = "02:fc:00:00:00:06";
/** Length of the network prefix both share. */
export const GUEST_PREFIX_BITS = 30;
