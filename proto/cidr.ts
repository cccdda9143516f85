/** What the text of an IPv4 network looks like, for the API, the host's calls and its firewall alike. */

// No leading zeros: some programs read them as octal.
const OCTET = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";

/**
 * A regular expression: four octets, and a prefix length where it is not a lone address. The groups are the
 * octets and the length.
 */
export const CIDR_PATTERN = `^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}(?:/(3[0-2]|[12]?\\d))?$`;
