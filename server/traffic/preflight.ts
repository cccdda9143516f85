/**
 * Browsers ask before they send `E2b-Sandbox-Id` from a page elsewhere, and the question does not say which
 * sandbox is meant: it is answered here as every guest agent answers it.
 */

const MAX_AGE_SEC = "7200";

export const preflight = ({ headers }: Request): Response =>
  new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS",
      "access-control-allow-headers": headers.get("access-control-request-headers") ?? "",
      "access-control-max-age": MAX_AGE_SEC,
    },
  });
