/** What the text of a domain on an allow-list looks like, for the API, the host's calls and its proxy alike. */

/** With the dots, and without one at the end. */
export const MAX_DOMAIN_LENGTH = 253;
export const MAX_ALLOWED_DOMAINS = 100;

const LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
// Never all digits: an address is no domain.
const LAST_LABEL = "[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

/** A regular expression: `example.com`, or `*.example.com` for every name below it. */
export const DOMAIN_PATTERN = `^(?:\\*\\.|${LABEL}\\.)(?:${LABEL}\\.)*${LAST_LABEL}\\.?$`;
