/**
 * Part of an nftables table: says no at once, so that nothing in the guest waits. TCP gets a reset, as
 * the kernel sends each address only about one ICMP error a second.
 */
export const REFUSE_CHAIN = `  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }`;
