/** The guest port is open to browsers of any origin: the access token is what protects it. */

/** What a page may read of an answer; Connect's own names and those of downloads. */
const EXPOSED = [
  "Accept-Ranges",
  "Content-Disposition",
  "Content-Encoding",
  "Content-Length",
  "Content-Range",
  "Content-Type",
  "ETag",
  "Last-Modified",
  "Location",
  "Cache-Control",
  "X-Content-Type-Options",
  "Connect-Content-Encoding",
  "Connect-Protocol-Version",
  "Grpc-Status",
  "Grpc-Message",
  "Grpc-Status-Details-Bin",
].join(", ");

const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
const PREFLIGHT_SECONDS = "7200";

/** Answer to a preflight: whatever it asks for, since `*` leaves out Authorization. */
export const preflight = (request: Request): Response =>
  new Response(null, {
    status: 204,
    headers: {
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Allow-Methods": METHODS,
      "Access-Control-Allow-Headers": request.headers.get("access-control-request-headers") ?? "*",
      "Access-Control-Max-Age": PREFLIGHT_SECONDS,
    },
  });

/** Adds the headers to an answer for a browser; other clients send no Origin and need none. */
export const withCors = (request: Request, response: Response): Response => {
  if (!request.headers.has("origin")) return response;
  response.headers.set("Access-Control-Allow-Origin", "*");
  response.headers.set("Access-Control-Expose-Headers", EXPOSED);
  return response;
};
